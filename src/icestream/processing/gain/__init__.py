"""The camera's gain: applying a reference, checking it, and estimating it from the frames."""
