"""What the data of a version look like, and how far other data have drifted from them."""
