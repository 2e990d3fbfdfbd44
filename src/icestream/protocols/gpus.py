"""The NVIDIA GPUs of this machine, as nvidia-smi tells of them."""

import shutil
import subprocess
from dataclasses import dataclass

__all__ = ["Gpu", "parse_gpus", "read_gpus"]

_QUERY = "index,memory.total,memory.used,utilization.gpu,temperature.gpu,name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """One GPU; what it does not report is None, such as the load of one that is divided."""

    number: int
    name: str
    memory: float | None = None
    """MiB."""
    used: float | None = None
    """MiB."""
    load: float | None = None
    """%."""
    temperature: float | None = None
    """°C."""


def read_gpus(*, patience: float = 5.0) -> list[Gpu]:
    """Every GPU; none without a driver, or when it does not answer within `patience` seconds."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    command = [program, f"--query-gpu={_QUERY}", "--format=csv,noheader,nounits"]
    try:
        printed = subprocess.run(
            command, capture_output=True, text=True, timeout=patience, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return parse_gpus(printed.stdout)


def parse_gpus(text: str) -> list[Gpu]:
    """Read what nvidia-smi prints; a line that is none of its table is left out."""
    gpus = []
    for line in text.splitlines():
        number, *values = (part.strip() for part in line.split(",", maxsplit=5))
        if len(values) == 5 and number.isdecimal():
            memory, used, load, temperature = map(_value, values[:4])
            gpus.append(
                Gpu(
                    number=int(number),
                    name=values[4],
                    memory=memory,
                    used=used,
                    load=load,
                    temperature=temperature,
                )
            )
    return gpus


def _value(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None  # such as [N/A]
