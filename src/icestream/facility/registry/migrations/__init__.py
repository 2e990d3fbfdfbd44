"""Alembic's scripts for the registry's schema; applied when it is opened."""
