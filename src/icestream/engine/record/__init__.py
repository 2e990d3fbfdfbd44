"""The session's store, as its coordinator writes it."""
