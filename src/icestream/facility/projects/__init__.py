"""What projects microscope time is given to: asked of the site's portal, kept in the registry."""
