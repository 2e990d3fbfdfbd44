"""Sessions of a server, from Python: read them, steer them, follow what happens in them.

>>> from icestream.client import Client
>>> Client("http://127.0.0.1:8000").address
'http://127.0.0.1:8000'
"""

from icestream.client.client import Client
from icestream.client.errors import (
    NotAllowed,
    NotThere,
    NotValid,
    RequestRefused,
    ServerError,
    Unreachable,
)
from icestream.client.session import ServedSession

__all__ = [
    "Client",
    "NotAllowed",
    "NotThere",
    "NotValid",
    "RequestRefused",
    "ServedSession",
    "ServerError",
    "Unreachable",
]
