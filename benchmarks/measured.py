"""Where benchmarks leave what they measured, for the documentation to show."""

import os
import platform
from datetime import date
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs" / "gallery" / "measured"


def processor() -> str:
    """Name of the processor, as the system gives it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def publish(part: str, text: str, command: str) -> None:
    """Write `text` (Markdown) to the page that the gallery includes, saying how it was made."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{part}.md"
    made = f"*{date.today():%B %Y}, {processor()}, {os.cpu_count()} cores: `{command}`*"
    path.write_text(f"{text.rstrip()}\n\n{made}\n")
    print(f"wrote {path}")
