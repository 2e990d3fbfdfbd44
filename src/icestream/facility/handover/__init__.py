"""Areas from which people fetch their data."""
