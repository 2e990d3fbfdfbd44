"""Where benchmarks leave what they measured, for the documentation to show."""

import os
import platform
import sys
from datetime import date
from pathlib import Path

_ONE = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
FOLDER = Path(__file__).parents[1] / "docs" / "gallery" / "measured"


def processor() -> str:
    """Name of the processor, as the system gives it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def on_one_thread() -> None:
    """Start the benchmark anew with one thread, as in a worker; NumPy reads it when imported."""
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **_ONE})


def publish(part: str, text: str, command: str) -> None:
    """Write `text` (Markdown) to the page that the gallery includes, saying how it was made."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{part}.md"
    made = f"*{date.today():%B %Y}, {processor()}, {os.cpu_count()} cores: `{command}`*"
    path.write_text(f"{text.rstrip()}\n\n{made}\n")
    print(f"wrote {path}")
