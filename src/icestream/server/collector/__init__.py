"""The collector of usage statistics: a small server of its own (`icestream usage serve`)."""
