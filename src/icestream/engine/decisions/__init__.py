"""What to do next: pure, with no clock, no store and no process."""
