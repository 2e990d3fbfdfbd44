"""What people and programs ask of a session: asked, sent, carried out."""
