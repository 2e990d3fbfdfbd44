"""Copying from the microscope: what is new, whole, verified, and how far it is."""
