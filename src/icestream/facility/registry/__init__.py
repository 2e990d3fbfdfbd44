"""The facility's registry: microscopes, people, teams, projects, bookings, sessions, occasions.

It is apart from the sessions' own stores, in a SQLite file or a PostgreSQL database.
"""
