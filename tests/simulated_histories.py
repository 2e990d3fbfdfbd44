"""Sessions that a registry remembers: a made-up history of a microscope."""

import time

import numpy as np

from icestream.facility.registry.figures import keep_figures
from icestream.facility.registry.open import FacilityRegistry
from icestream.facility.registry.records import KnownFigure
from icestream.facility.registry.sessions import Whose, keep_session

USUAL = {
    "resolution": (3.6, 0.08, "ctf.estimate"),
    "astigmatism": (180.0, 0.15, "ctf.estimate"),
    "early_motion": (4.2, 0.12, "movies.align"),
    "motion": (9.0, 0.2, "movies.align"),
    "gain_residual": (0.004, 0.1, "gain.estimate"),
    "dose": (1.0, 0.02, "gain.estimate"),
    "rate": (420.0, 0.1, ""),
    "ice": (0.05, 0.4, "ctf.estimate"),
    "particles": (180.0, 0.5, "particles.extract"),
}
"""Median over sessions, relative spread between them, and what measures it."""
DAY = 86400.0


def remember_history(
    registry: FacilityRegistry,
    microscope: str,
    count: int,
    *,
    worse: dict[str, tuple[int, float]] | None = None,
    first: int = 0,
    seed: int = 1,
    **values: object,
) -> None:
    """Write `count` sessions down, one each three days up to now.

    Parameters
    ----------
    worse
        Figures that are from some session on so many times what they were.
    first
        How many sessions there were before.
    """
    draw = np.random.default_rng(seed)
    now = time.time()
    with registry.write() as connection:
        for place in range(count):
            number, began = first + place, now - 3.0 * DAY * (count - place)
            told = {
                "name": f"{microscope}-{number + 1}", "place": f"/s/{microscope}-{number + 1}",
                "folder": f"/s/{microscope}-{number + 1}/processing", "began": began,
                "ended": began + DAY, "state": "done", **values,
            }  # fmt: skip
            whose = Whose(
                microscope=microscope, detector="K3", project=f"p{number % 3}",
                operator=f"user{number % 3}",
            )  # fmt: skip
            session = keep_session(connection, f"{microscope}-{number}", whose, **told)
            found = []
            for name, (middle, spread, by) in USUAL.items():
                value = middle * np.exp(draw.normal(0.0, spread))
                start, factor = (worse or {}).get(name, (count, 1.0))
                value *= factor if place >= start else 1.0
                found.append(KnownFigure(name=name, value=value, count=900, by=by))
            uptime = 1.0 - abs(draw.normal(0.0, 0.03))
            found.append(KnownFigure(name="uptime", value=uptime, count=900))
            accepted = 1.0 - draw.gamma(4.0, 0.04)
            found.append(KnownFigure(name="accepted", value=accepted, count=900))
            about = {
                "at": began + DAY, "over": True, "exposures": 3000 + 10 * place, "pixel": 0.83,
                "apart": "",
            }  # fmt: skip
            keep_figures(connection, session, about, found)
