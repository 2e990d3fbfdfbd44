"""Bytes to model values and arrays, and back: one file per format."""
