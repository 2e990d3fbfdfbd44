"""The session store: tables, queries and events."""
