"""Logging: events with key-values, people on a terminal, JSON lines in a service."""
