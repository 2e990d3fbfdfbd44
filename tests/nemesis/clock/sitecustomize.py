"""The clock of a run: what `time.time` says is moved by what a small file holds, seconds.

Python imports this when it starts, from a folder of PYTHONPATH, in every process of a session.
`datetime.now`, the times of files and the clock of SQLite are not moved.
"""

import mmap
import os
import struct
import time

_file = os.environ.get("NEMESIS_CLOCK")
if _file:
    with open(_file, "rb") as _opened:  # noqa: PTH123 - every process waits for this
        _moved = mmap.mmap(_opened.fileno(), 8, access=mmap.ACCESS_READ)
    _time, _time_ns, _read = time.time, time.time_ns, struct.Struct("d").unpack_from
    time.time = lambda: _time() + _read(_moved)[0]
    time.time_ns = lambda: _time_ns() + int(_read(_moved)[0] * 1e9)
