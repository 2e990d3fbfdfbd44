"""What the sessions of one machine share, and what its disks and programs are up to."""
