"""Who may know of what: people of projects, and sessions that are confidential."""
