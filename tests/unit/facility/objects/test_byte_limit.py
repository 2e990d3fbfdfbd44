"""A limit of bytes per second."""

import threading
import time

from icestream.facility.objects.byte_limit import ByteLimit


def test_bytes_pass_no_faster_than_they_may() -> None:
    pace, never = ByteLimit(1e6), threading.Event()
    began = time.monotonic()
    threads = [threading.Thread(target=pace.take, args=(50_000, never)) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert time.monotonic() - began >= 0.19


def test_there_may_be_no_limit_and_whoever_stops_does_not_wait() -> None:
    ByteLimit(0.0).take(10**12, threading.Event())
    stopped = threading.Event()
    stopped.set()
    ByteLimit(1.0).take(10**6, stopped)  # would be eleven days
