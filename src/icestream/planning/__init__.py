"""What a facility needs for its microscopes: measured here, or told from a session that ran."""
