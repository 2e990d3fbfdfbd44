"""The protocols that icestream ships, one file each."""
