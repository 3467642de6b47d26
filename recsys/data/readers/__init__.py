"""Readers of tables of ratings, of movies and of links, in whatever text or Parquet they are written."""
