"""What screens show of results: pictures drawn at the size and contrast that a person asks for."""
