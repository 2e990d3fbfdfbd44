"""`icestream facility`: what a facility needs around its sessions, one file per command."""
