"""`make bench`, or `python -m benchmarks [NAME ...]`: run the benchmarks one after another.

Each is a file `bench_NAME.py` that can be run by itself. It gets a process of its own, so that none
finds what another has compiled or cached.
"""

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; the exit status is that of the first that failed."""
    known = {path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))}
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    failed = 0
    for name in names or known:
        print(f"\n== {name}", flush=True)
        started = time.perf_counter()
        done = subprocess.run([sys.executable, str(known[name])], cwd=HERE.parent, check=False)
        print(f"== {name}: {time.perf_counter() - started:.0f} s", flush=True)
        failed = failed or done.returncode
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
