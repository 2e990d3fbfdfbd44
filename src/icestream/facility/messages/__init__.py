"""Messages: requests that start and steer sessions, and what is told of them."""
