"""What a run shows: pictures, tables, the report page, the console."""
