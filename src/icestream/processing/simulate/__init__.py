"""Movies whose truth is known: specimen, ice, optics, motion and camera, as arrays."""
