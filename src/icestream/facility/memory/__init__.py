"""What a microscope was like: figures of its sessions, and what is usual among them."""
