"""The facility of the server's machine: open once, and shown to who may see it."""
