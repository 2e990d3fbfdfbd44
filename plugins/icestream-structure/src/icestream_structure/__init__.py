"""Atomic models: laid into the maps of a session, refined against them, and compared with them."""
