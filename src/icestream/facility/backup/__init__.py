"""Backup of movies and sessions while they run, and how a backup becomes a session again."""
