"""Having a facility's server and its duties run as services of a machine."""
