"""Handing a session over to other programs."""
