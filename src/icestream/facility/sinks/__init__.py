"""Sinks: what sessions find out is delivered to LIMS, catalogues and whoever else wants it."""
