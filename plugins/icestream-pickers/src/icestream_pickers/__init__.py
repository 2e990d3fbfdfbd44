"""crYOLO, Gautomatch, EMAN2, SPHIRE's Gaussian picker and DoG Picker as protocols of icestream."""
