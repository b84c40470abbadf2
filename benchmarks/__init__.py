"""Side-by-side measurements on a real server: `python -m benchmarks` runs them all, or those that are named."""
