"""The coordinator's process: its loop, its threads, and how it performs what was decided."""
