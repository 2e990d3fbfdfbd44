"""A whole facility on one machine: real services and processes, and what befalls them."""
