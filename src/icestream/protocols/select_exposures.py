"""Accept or reject exposures by limits on what was measured."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from math import isfinite
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le
from pydantic import field_validator

from icestream.model import (
    MICROGRAPH_CLASSES,
    QUALITIES,
    Accepted,
    Ctf,
    Measured,
    Micrograph,
    MicrographQuality,
    Rejected,
    Verdict,
    qualities_of,
)
from icestream.protocol import Advanced, DecidesIfSet, Limit, Parameters, SelectionProtocol
from icestream.protocols.rules import (
    Rule,
    Settled,
    broken,
    read_rule,
    read_settled,
    settle,
    turns,
    unreported,
)
from icestream.units import Angstrom, Micrometre, Usual


class SelectionLimits(Parameters):
    """Limits; an exposure must keep all that are set. An empty limit does not apply."""

    defocus_min: Annotated[Micrometre, Ge(0), Usual(0.0, 10.0)] | None = 0.2
    """Smallest mean defocus."""

    defocus_max: Annotated[Micrometre, Gt(0), Usual(0.1, 20.0)] | None = 5.0
    """Largest mean defocus."""

    astigmatism_max: Annotated[Angstrom, Gt(0), Usual(10.0, 20000.0)] | None = 1000.0
    """Largest difference of the two defoci."""

    resolution_max: Annotated[Angstrom, Gt(0), Usual(1.5, 100.0)] | None = 8.0
    """Worst (largest) resolution up to which the Thon rings agree with the fit. Where pixels are
    so coarse that no fit can be much better, `resolution_pixels` says what counts instead."""

    resolution_pixels: Annotated[float, Ge(2), Le(20), Advanced] = 3.0
    """The limit on the resolution is never finer than this many pixels of the micrograph: with 3,
    one and a half times the finest detail that they hold."""

    score_min: float | None = None
    """Smallest score of the CTF fit."""

    ice_ring_max: float | None = 1.0
    """Largest excess of power near 3.7 Å; 1 means twice the background: crystalline ice."""

    total_motion_max: Annotated[Angstrom, Gt(0), Usual(1.0, 2000.0)] | None = 150.0
    """Longest track of the specimen over the whole movie."""

    early_motion_max: Annotated[Angstrom, Gt(0), Usual(1.0, 2000.0)] | None = None
    """Longest track over the first 4 e/Å²."""

    quality_min: Annotated[float, Ge(0), Le(1)] | None = None
    """Smallest quality score of the micrograph."""

    refuse: tuple[str, ...] = ("empty_no_ice",)
    """Classes of micrographs that are not used: great, decent, contamination_or_drift,
    crystalline_ice, empty_no_ice, vitreous_no_particles, unclear. That of empty ones is never
    given to others, as far as was seen; crystals are refused by their ice ring."""

    rules: Annotated[tuple[str, ...], DecidesIfSet] = ()
    """Further limits, on any quality of any linked result, such as motion.early < 20 Å,
    picks.count >= 50, ctf.phase_shift 30 to 150 °, motion.total < median + 3 MAD or
    ctf.resolution best 90 %; all must be kept. With a ; between them."""

    @field_validator("rules")
    @classmethod
    def check_rules(cls, rules: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a rule that cannot be read; the same rule is written the same."""
        return tuple(dict.fromkeys(read_rule(rule).text for rule in rules))

    settled: Annotated[tuple[str, ...], DecidesIfSet, Advanced] = ()
    """Numbers of relative limits, such as motion.total < median + 3 MAD. The session writes them
    when 30, 60, 120, ... exposures are judged; before, a relative limit refuses nothing."""

    @field_validator("settled")
    @classmethod
    def check_settled(cls, settled: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse what is not written as the session writes it."""
        return tuple(str(read_settled(text)) for text in settled)

    @field_validator("refuse")
    @classmethod
    def check_classes(cls, refuse: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a class that no micrograph is in."""
        unknown = sorted(set(refuse) - set(MICROGRAPH_CLASSES))
        if unknown:
            known = ", ".join(MICROGRAPH_CLASSES)
            raise ValueError(f"no micrograph is in class {', '.join(unknown)}; known: {known}")
        return refuse


class SelectExposures(SelectionProtocol[SelectionLimits]):
    """Reject exposures whose defocus, astigmatism, resolution, ice, motion or look is not good."""

    name = "exposures.select"
    title = "Selection of exposures"

    def judge(
        self,
        micrograph: Micrograph,
        ctf: Ctf,
        quality: MicrographQuality | None = None,
        evidence: Mapping[str, Measured] | None = None,
    ) -> Verdict:
        qualities = {**micrograph.qualities(), **ctf.qualities()}
        if quality is not None:
            qualities.update(quality.qualities())
        reasons = tuple(self._reasons(qualities, micrograph.optics.pixel_size))
        reasons += tuple(self._broken(qualities, evidence or {}))
        if quality is not None and quality.label in self.parameters.refuse:
            reasons += (f"It looks like {quality.label.replace('_', ' ')}: {quality.reason}",)
        return Rejected(reasons) if reasons else Accepted()

    def methods(self) -> str:
        """Within which limits exposures were kept."""
        told = [_in_words(limit) for limit in self._named_limits(0.0)]
        told += [f"{r.text} ({r.basis})" if r.basis else r.text for r in self._rules()]
        return f"Exposures were kept within limits: {'; '.join(told)}." if told else ""

    def distributions(self) -> Collection[tuple[str, str]]:
        """Those of relative limits."""
        return sorted({rule.subject for rule in self._rules() if rule.relative})

    def settle(self, measured: Mapping[tuple[str, str], Sequence[float]]) -> Mapping[str, Any]:
        """The numbers of relative limits, where they are new or an exposure changes side."""
        before, new = self._settled(), {}
        for rule in (rule for rule in self._rules() if rule.relative):
            found, old = settle(rule, measured[rule.subject]), before.get(rule.text)
            if old is None or (
                found.count > old.count and turns(rule, old, found, measured[rule.subject])
            ):
                new[rule.text] = found
        return {"settled": [str(one) for one in {**before, **new}.values()]} if new else {}

    def unreported(self, linked: Sequence[tuple[str, type[Any]]]) -> Sequence[str]:
        """Rules on what nothing that is linked reports."""
        return list(unreported(self._rules(), linked))

    def limits(self, pixel_size: float) -> Sequence[Limit]:
        """Those that are set; that on the resolution is one that such pixels can reach."""
        drawn = [*self._named_limits(pixel_size), *(rule.limit for rule in self._rules())]
        return [limit for limit in drawn if limit.low is not None or limit.high is not None]

    def _rules(self) -> Sequence[Rule]:
        settled = self._settled()
        rules = [read_rule(text) for text in self.parameters.rules]
        return [rule.decided(settled.get(rule.text)) for rule in rules]

    def _settled(self) -> dict[str, Settled]:
        return {one.rule: one for one in map(read_settled, self.parameters.settled)}

    def _broken(
        self, qualities: Mapping[str, float], evidence: Mapping[str, Measured]
    ) -> Iterator[str]:
        """Why rules are not kept."""
        for rule in self._rules():
            others = [
                qualities_of(item)
                for output, item in evidence.items()
                if not rule.step or output.partition(".")[0] == rule.step
            ]
            if reason := broken(rule, qualities, others):
                yield reason

    def _named_limits(self, pixel_size: float) -> Sequence[Limit]:
        wanted, resolution = self.parameters, self.parameters.resolution_max
        if resolution is not None:
            resolution = max(resolution, wanted.resolution_pixels * pixel_size)
        drawn = (
            Limit(quality="ctf.defocus", low=wanted.defocus_min, high=wanted.defocus_max),
            Limit(quality="ctf.astigmatism", high=wanted.astigmatism_max),
            Limit(quality="ctf.resolution", high=resolution),
            Limit(quality="ctf.score", low=wanted.score_min),
            Limit(quality="ctf.ice_ring", high=wanted.ice_ring_max),
            Limit(quality="motion.total", high=wanted.total_motion_max),
            Limit(quality="motion.early", high=wanted.early_motion_max),
            Limit(quality="micrograph.score", low=wanted.quality_min),
        )
        return [limit for limit in drawn if limit.low is not None or limit.high is not None]

    def _reasons(self, qualities: Mapping[str, float], pixel_size: float) -> Iterator[str]:
        for limit in self._named_limits(pixel_size):
            for reason in _outside(qualities, limit):
                yield reason + self._raised(limit, reason, pixel_size)

    def _raised(self, limit: Limit, reason: str, pixel_size: float) -> str:
        """That a limit is not the one that was asked for, as the pixels are too coarse for it."""
        wanted = self.parameters.resolution_max
        if limit.quality != "ctf.resolution" or limit.high == wanted or "limit" not in reason:
            return ""
        return f" (raised from {wanted:g} Å: pixels of {pixel_size:.3g} Å are coarse)"


def _outside(qualities: Mapping[str, float], limit: Limit) -> Iterator[str]:
    """Why a quality breaks its limits, in the unit that screens show; nothing when it does not."""
    name, low, high = limit.quality, limit.low, limit.high
    if name not in qualities:
        return
    quality = QUALITIES[name]
    value = qualities[name] * quality.scale
    unit = f" {quality.shown_unit}" if quality.shown_unit else ""
    if not isfinite(value):
        yield f"{quality.title} could not be measured"
    elif low is not None and value < low:
        yield f"{quality.title} {_short(value)}{unit} is below the limit of {low:g}{unit}"
    elif high is not None and value > high:
        yield f"{quality.title} {_short(value)}{unit} is above the limit of {high:g}{unit}"


def _in_words(limit: Limit) -> str:
    """What a limit asks for."""
    quality = QUALITIES[limit.quality]
    title = quality.title if quality.title.startswith("CTF") else quality.title.lower()
    unit = f" {quality.shown_unit}" if quality.shown_unit else ""
    if limit.low is not None and limit.high is not None:
        return f"{title} {limit.low:g} to {limit.high:g}{unit}"
    if limit.high is not None:
        return f"{title} {limit.high:g}{unit} at most"
    return f"{title} {limit.low:g}{unit} at least"


def _short(value: float) -> str:
    """Three digits, without an exponent."""
    return f"{value:.0f}" if abs(value) >= 100.0 else f"{value:.3g}"
