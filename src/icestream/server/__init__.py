"""The web application's server: sessions read and steered over HTTP.

It is thin: a route calls a function of the layers below and returns the record that it gives.
"""

__all__: list[str] = []
