"""RELION's programs as protocols of icestream."""
