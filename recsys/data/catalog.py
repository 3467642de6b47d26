"""Moved."""

from recsys.catalog import NO_GENRE as NO_GENRE
from recsys.catalog import Catalog as Catalog
