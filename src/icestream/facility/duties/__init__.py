"""What a facility does over and over, each in a thread of its own, and how that goes."""
