"""Turns a site config, one YAML file, into what it says inside the base image."""
