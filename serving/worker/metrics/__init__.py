"""Counters of the workers, and the two forms in which they are shown."""
