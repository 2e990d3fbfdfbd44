"""Settings of the machine and the site: what they are, where each comes from, and changing them."""

from icestream.settings.tree import (
    PREFIX,
    SITE_FILE,
    Loaded,
    Settings,
    SettingsError,
    load,
    person_file,
)

__all__ = ["PREFIX", "SITE_FILE", "Loaded", "Settings", "SettingsError", "load", "person_file"]
