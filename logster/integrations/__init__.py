"""Frameworks, libraries and job queues: a thin file each, imported by those alone who use what it is named for."""
