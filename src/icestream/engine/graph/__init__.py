"""The workflow as values: its validation, its plan, and which inputs belong together."""
