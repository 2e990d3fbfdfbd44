"""The figures by which sessions are remembered: each with its unit, and what it is made of."""

from dataclasses import dataclass, replace

from icestream.facility.memory.chart import ChartRule, Side
from icestream.model import quality_of
from icestream.report.numbers import digits_of, number_text, with_unit

__all__ = ["FIGURES", "SessionFigure", "figure_text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFigure:
    """One number of a session."""

    name: str
    title: str
    what: str
    """What it is, in a sentence."""
    unit: str
    """Of the value that is kept."""
    shown_unit: str
    scale: float
    """Kept value x scale = shown value."""
    rule: ChartRule
    """How it is judged."""
    quality: str = ""
    """The quality of exposures of which it is the median; empty: it is made otherwise."""
    sample: bool = False
    """Whether it says more of the specimen than of the microscope."""

    @property
    def better(self) -> str:
        """Which side is better, in a word; empty where neither is."""
        return {"high": "lower", "low": "higher", "both": ""}[self.rule.side]


def _median(name: str, quality: str, grain: float, *, sample: bool = False) -> SessionFigure:
    of = quality_of(quality)
    side: Side = "both"
    if of.better:
        side = "high" if of.better == "low" else "low"
    return SessionFigure(
        name=name,
        title=of.title,
        what="Median over the exposures.",
        unit=of.unit,
        shown_unit=of.shown_unit,
        scale=of.scale,
        rule=ChartRule(side=side, logarithmic=True, grain=grain),
        quality=quality,
        sample=sample,
    )


_ALL = (
    replace(
        _median("resolution", "ctf.resolution", 0.02),
        what="Median over the exposures of the resolution to which the CTF fits.",
    ),
    replace(
        _median("astigmatism", "ctf.astigmatism", 0.05),
        what="Median over the exposures of the difference of the two defoci.",
    ),
    _median("early_motion", "motion.early", 0.05),
    replace(
        _median("motion", "motion.total", 0.05),
        what="Median over the exposures of the path of the specimen through all frames.",
    ),
    SessionFigure(
        name="defocus_spread",
        title="Spread of the defocus",
        what="How far the defocus lies from the one that was asked for: 1.4826 times the median "
        "absolute deviation of the difference. Unknown where no metadata say what was asked for.",
        unit="Å",
        shown_unit="µm",
        scale=1e-4,
        rule=ChartRule(side="high", logarithmic=True, grain=0.05),
    ),
    _median("counts", "dose.counted", 0.02),
    SessionFigure(
        name="dose",
        title="Dose counted over dose said",
        what="Median over the movies of the electrons that were counted over those that the "
        "metadata say.",
        unit="",
        shown_unit="",
        scale=1.0,
        rule=ChartRule(side="both", logarithmic=True, grain=0.01),
    ),
    SessionFigure(
        name="gain_residual",
        title="Residual of the gain",
        what="Pattern that the gain reference leaves in the newest movies: a relative standard "
        "deviation.",
        unit="",
        shown_unit="%",
        scale=100.0,
        rule=ChartRule(side="high", grain=0.002),  # it may be nothing but its own error
    ),
    SessionFigure(
        name="rate",
        title="Exposures per hour",
        what="Exposures taken in an hour of acquisition, pauses left out. By the times that "
        "metadata or files have.",
        unit="1/h",
        shown_unit="/h",
        scale=1.0,
        rule=ChartRule(side="low", logarithmic=True, grain=0.05),
        sample=True,
    ),
    SessionFigure(
        name="uptime",
        title="Uptime",
        what="Share of the time from the first to the last exposure that was no pause. A pause is "
        "six times the usual interval between two exposures, and 90 s at least.",
        unit="",
        shown_unit="%",
        scale=100.0,
        rule=ChartRule(side="low", grain=0.02, most=1.0),
    ),
    SessionFigure(
        name="accepted",
        title="Accepted",
        what="Share of the exposures that were accepted, of all that need nothing more.",
        unit="",
        shown_unit="%",
        scale=100.0,
        rule=ChartRule(side="low", grain=0.02, most=1.0),
        sample=True,
    ),
    _median("ice", "ctf.ice_ring", 0.1, sample=True),
    _median("thickness", "ctf.thickness", 0.05, sample=True),
    _median("particles", "particles.count", 0.05, sample=True),
)

FIGURES: dict[str, SessionFigure] = {figure.name: figure for figure in _ALL}
"""Every figure by its name, in the order in which they are shown."""


def figure_text(figure: SessionFigure, value: float | None, span: float | None = None) -> str:
    """A value with its unit, as people read it.

    Parameters
    ----------
    span
        How far values of it lie apart, which says how many digits tell them from each other.
    """
    if value is None:
        return "–"
    shown = value * figure.scale
    digits = digits_of(abs(shown) * 0.1 if span is None else span * figure.scale)
    if figure.shown_unit == "/h":
        return f"{number_text(shown, 0)} /h"
    return with_unit(shown, figure.shown_unit, digits)
