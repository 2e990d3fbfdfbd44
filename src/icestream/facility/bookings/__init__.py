"""Who has booked a microscope: asked of the site's booking system, kept in the registry."""
