"""cisTEM's unblur, find_particles and refine2d as protocols of icestream."""
