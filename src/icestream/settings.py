"""Settings: one tree, read once, passed down."""
