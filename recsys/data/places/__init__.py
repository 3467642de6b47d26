"""Where data lie: a folder, a file, an archive, a bucket. Each is listed as `DataFile`s, which readers open."""

from recsys.data.places.data_file import DataFile

__all__ = ["DataFile"]
