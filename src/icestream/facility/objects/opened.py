"""Buckets that are open, by what the settings say of them now."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from icestream.facility.duties.duty import Outage
from icestream.facility.objects.address import ObjectAddress
from icestream.facility.objects.bucket import ObjectBucket, store_of
from icestream.facility.objects.troubles import is_refused
from icestream.settings import load
from icestream.settings.tree import stamp

__all__ = ["opened"]

_KEPT = 300.0
"""Seconds after which a bucket is opened anew: its keys may be others."""

_known: dict[tuple[str, object], tuple[float, ObjectBucket]] = {}
_lock = threading.Lock()


@contextmanager
def opened(address: ObjectAddress) -> Iterator[ObjectBucket]:
    """The bucket of an address; keys that are refused are read anew the next time.

    Raises
    ------
    Outage
        If it cannot be opened.
    """
    with _lock:
        now = time.monotonic()
        for each in [one for one, (at, _) in _known.items() if now - at > _KEPT]:
            del _known[each]
        which = (address.bucket, stamp())
        if which not in _known:
            store = store_of(address.bucket, load().settings.objects)
            _known[which] = (now, ObjectBucket(address, store))
        bucket = _known[which][1].below(address)
    try:
        yield bucket
    except Outage as error:
        if is_refused(error):
            with _lock:
                _known.pop(which, None)
        raise
