"""Rating datasets: readers for the MovieLens families, the download, and the embedded sample."""
