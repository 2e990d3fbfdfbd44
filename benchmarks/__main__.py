"""`make bench`, or `python -m benchmarks [--write] [NAME ...]`: run benchmarks one after another.

Each is a file `bench_NAME.py` that can be run by itself. It gets a process of its own, so that none
finds what another has compiled or cached. With ``--write`` only those run that compare icestream
with the truth or a peer for the gallery, and they write its tables.
"""

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
GALLERY = (
    "movie_sum",
    "motion",
    "gain",
    "ctf",
    "picking",
    "extraction",
    "classify2d",
    "volume",
    "micrograph_quality",
    "changes",
    "monitors",
    "start",
)
"""Those whose tables the gallery shows (`benchmarks/measured.py`)."""


def main(arguments: list[str]) -> int:
    """Run the named benchmarks, or all; the exit status is that of the first that failed."""
    write = "--write" in arguments
    names = [one for one in arguments if one != "--write"]
    known = {path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))}
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    failed = 0
    for name in names or (GALLERY if write else known):
        print(f"\n== {name}", flush=True)
        started = time.perf_counter()
        command = [sys.executable, str(known[name]), *(["--write"] if write else [])]
        done = subprocess.run(command, cwd=HERE.parent, check=False)
        print(f"== {name}: {time.perf_counter() - started:.0f} s", flush=True)
        failed = failed or done.returncode
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
