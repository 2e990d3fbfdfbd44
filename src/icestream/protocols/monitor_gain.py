"""Watch the gain: a reference that lies wrongly or is out of date, electrons that are missing."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, Le

from icestream.model import Alert, Gain, Offer
from icestream.protocol import Advanced, Monitor, Parameters, Sample, Window

__all__ = ["GainLimits", "MonitorGain"]

_NEWEST = 5
"""Movies whose median dose is looked at."""
_FIRST = 10
"""Movies whose median dose is normal, on a camera that does not count electrons one by one."""
_COUNTING = 0.5
"""Relative difference from the metadata up to which counts are taken for electrons."""
_SURE = 3.0
"""Standard errors by which a residual must exceed its limit."""
_TOLD = 10
"""Movies after which an orientation that cannot be told is said to be so."""


class GainLimits(Parameters):
    """When to warn, and whether to fix it."""

    residual_max: Annotated[float, Gt(0), Le(1)] = 0.015
    """Largest fixed pattern, relative to the mean, that may be left after correction."""

    pattern_max: Annotated[float, Gt(0), Le(1)] = 0.025
    """Largest fixed pattern of movies that have no gain reference."""

    dose_tolerance: Annotated[float, Gt(0), Le(1)] = 0.3
    """Largest relative difference of the electrons counted from those that are expected."""

    bad_max: Annotated[float, Ge(0), Le(1), Advanced] = 1e-3
    """Part of the pixels that may be bad without anybody having said so."""

    correct: bool = False
    """Turn a reference that lies wrongly at once, without asking."""

    step: Annotated[str, Advanced] = "import"
    """Name of the step that takes the movies in and says how the reference lies."""


class MonitorGain(Monitor[GainLimits]):
    """Warn when the gain reference lies wrongly, no longer fits, or electrons are missing.

    Whatever is offered is a change of the step that takes the movies in, and what is said is
    about the reference as that step lays it: once an offer is adopted, its reason is gone.
    """

    name = "monitor.gain"
    title = "Gain monitor"

    def inspect(self, window: Window[Gain]) -> Iterator[Alert | Sample]:
        if not window.items:
            return
        last = window.items[-1]
        yield Sample("gain.residual", last.residual)
        yield from self._reference(last, window.items)
        yield from self._bad_pixels(last, window.items)
        yield from self._dose(np.asarray(last.dose, dtype=np.float64))

    def _reference(self, last: Gain, items: tuple[Gain, ...]) -> Iterator[Alert]:
        if last.verdict == "wrong":
            yield self._wrong(last)
        elif last.verdict == "undecided" and last.movies >= _TOLD:
            yield Alert(
                key="gain.orientation.undecided",
                level="notice",
                message=f"{last.movies} movies do not show how the gain reference lies on the "
                f"frames: {last.orientation} fits best, but hardly better than another way "
                f"({last.certainty:.1f} standard errors); look at the micrographs",
            )
        elif last.verdict == "right" and self._exceeds(last, self.parameters.residual_max):
            yield self._outdated(last, items)
        elif last.verdict == "none" and self._exceeds(last, self.parameters.pattern_max):
            advice, offer = self._estimate(last, items)
            yield Alert(
                key="gain.missing",
                level="warning",
                message=f"the movies have no gain reference, and a fixed pattern of "
                f"{100 * last.residual:.1f} % is in all of them (limit "
                f"{100 * self.parameters.pattern_max:g} %): give the reference of this camera, or "
                f"{advice}",
                offer=offer,
            )

    def _wrong(self, last: Gain) -> Alert:
        orientation = last.orientation
        best = float(np.abs(np.asarray(last.scores)).max())
        sign = "inverse" if orientation.inverse else "plain"
        words = f"{orientation.rotation}.{orientation.flip}.{sign}"
        return Alert(
            key=f"gain.orientation.{words}",
            level="critical",
            message=f"the gain reference {_name(last.reference)} lies wrongly on the frames: it "
            f"fits {orientation} (correlation {best:.2f}, {last.certainty:.0f} standard errors "
            f"above any other way, {last.movies} movies); adopt the offer, or set gain_rotation, "
            f"gain_flip and gain_inverse of the step {self.parameters.step}",
            offer=self._offer(
                {f"gain_{name}": value for name, value in asdict(orientation).items()},
                automatic=self.parameters.correct,
            ),
        )

    def _outdated(self, last: Gain, items: tuple[Gain, ...]) -> Alert:
        advice, offer = self._estimate(last, items)
        lines = max(("rows", last.residual_rows), ("columns", last.residual_columns), key=_second)
        return Alert(
            key="gain.outdated",
            level="warning",
            message=f"the gain reference {_name(last.reference)} no longer fits the camera: after "
            f"correction a fixed pattern of {100 * last.residual:.1f} % is left in the newest "
            f"movies (limit {100 * self.parameters.residual_max:g} %; of the means of {lines[0]} "
            f"{100 * lines[1]:.2f} %): record a new reference, or {advice}",
            offer=offer,
        )

    def _estimate(self, last: Gain, items: tuple[Gain, ...]) -> tuple[str, Offer | None]:
        """What to do with the newest estimate, and the offer if it is better than what is."""
        made = [item for item in items if item.estimate is not None]
        if not made or made[-1].error > 0.8 * last.residual:
            return "wait until the gain estimated from the movies is better than that", None
        newest = made[-1]
        advice = (
            f"use the one estimated from {newest.movies} movies, which is good to "
            f"{100 * newest.error:.1f} % in a pixel"
        )
        laid = {"gain_rotation": 0, "gain_flip": "none", "gain_inverse": False}
        return advice, self._offer({"gain": str(newest.estimate), **laid})

    def _bad_pixels(self, last: Gain, items: tuple[Gain, ...]) -> Iterator[Alert]:
        total = last.shape[0] * last.shape[1]
        made = [item.bad for item in items if item.bad is not None]
        if last.bad_pixels <= self.parameters.bad_max * total or last.verdict == "wrong":
            return
        offer = None
        if last.defects is None and made:
            offer = self._offer({"defects": str(made[-1])})
        yield Alert(
            key="gain.bad-pixels",
            level="notice",
            message=f"{last.bad_pixels} pixels ({100 * last.bad_pixels / total:.2f} %) are dead, "
            "hot or noisy, and neither the gain reference nor a list of defects says so: give the "
            "map of bad pixels as defects",
            offer=offer,
        )

    def _dose(self, ratios: np.ndarray[Any, np.dtype[np.float64]]) -> Iterator[Alert | Sample]:
        known = ratios[ratios > 0]
        if len(known) < _NEWEST:
            return
        newest = float(np.median(known[-_NEWEST:]))
        yield Sample("gain.dose", newest)
        usual = float(np.median(known[:_FIRST]))
        counting = abs(usual - 1.0) <= _COUNTING
        expected = 1.0 if counting else usual
        if abs(newest / expected - 1.0) <= self.parameters.dose_tolerance:
            return
        against = "that the metadata say" if counting else "that the first movies had"
        yield Alert(
            key="gain.dose",
            level="warning",
            message=f"the newest {_NEWEST} movies have {100 * newest / expected:.0f} % of the "
            f"electrons {against} (thick ice takes up to a fifth): check the beam and the dose "
            "per frame, which the dose weighting relies on",
        )

    def _exceeds(self, last: Gain, limit: float) -> bool:
        return last.residual**2 > limit**2 + _SURE * last.residual_error**2

    def _offer(self, changes: Mapping[str, Any], *, automatic: bool = False) -> Offer:
        return Offer(step=self.parameters.step, changes=changes, automatic=automatic)


def _name(reference: Path | None) -> str:
    return reference.name if reference is not None else ""


def _second(pair: tuple[str, float]) -> float:
    return pair[1]
