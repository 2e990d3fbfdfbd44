"""Programs of Xmipp as protocols of icestream."""
