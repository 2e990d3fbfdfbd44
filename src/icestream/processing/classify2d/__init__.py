"""Streaming 2D classification by online expectation maximization in polar harmonics."""
