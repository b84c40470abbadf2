"""Delivery: snapshots → the store, off the caller's thread."""
