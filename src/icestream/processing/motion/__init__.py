"""Movie alignment: the track of the whole frame, the local motion, and the aligned sum."""
