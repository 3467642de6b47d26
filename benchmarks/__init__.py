"""Side-by-side measurements, each run by one command: ``python -m benchmarks`` lists them."""
