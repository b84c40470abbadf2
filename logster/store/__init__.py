"""The store: entries in Redis. Knows neither Python's logging nor the web."""
