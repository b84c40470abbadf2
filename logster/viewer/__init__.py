"""The mounted web app: pages, HTTP API, live view and beacon."""
