"""Whether a version may be promoted: the contest, the checks, the record of the verdict."""
