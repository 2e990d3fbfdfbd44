"""Workflows of other programs, in and out, so that nothing in them is lost."""
