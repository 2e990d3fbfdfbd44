"""A microscope that writes movies and metadata in real time."""
