"""Runs workflows. Knows the protocol language and no protocol by name."""
