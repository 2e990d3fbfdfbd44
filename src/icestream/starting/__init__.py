"""What is known, checked and done before a session starts."""
