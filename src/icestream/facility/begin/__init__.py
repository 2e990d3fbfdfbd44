"""Beginning a session for somebody: who, where, with which workflow, in under a minute."""
