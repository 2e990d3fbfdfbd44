"""First 3D maps: directions, symmetry, central slices, expectation maximization, validation."""
