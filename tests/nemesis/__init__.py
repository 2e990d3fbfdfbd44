"""Faults drawn at random against one session, and a checker of what must hold afterwards."""
