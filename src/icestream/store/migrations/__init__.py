"""Alembic's scripts for the store's schema; applied when a store is opened."""
