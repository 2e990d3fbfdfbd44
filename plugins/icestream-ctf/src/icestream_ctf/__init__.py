"""CTFFIND4, CTFFIND5 and Gctf as protocols of icestream."""
