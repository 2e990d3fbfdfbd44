"""The live report: what a session measured, as pages."""
