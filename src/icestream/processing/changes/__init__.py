"""Changes of a level in a stream of measured values: found online, with when and how much."""
