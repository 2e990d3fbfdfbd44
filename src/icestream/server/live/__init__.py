"""What is live: events of sessions, told to everybody who listens as soon as they are written.

One thread reads a session's events for all its listeners, and only while there are any. Each
listener has its place in them; whoever is slower gets more at once, and nothing is kept for him.
"""

__all__: list[str] = []
