"""Rules of selections: short texts such as ``motion.early < 20 Å``, read strictly.

A rule is written in the unit that screens show, and every message quotes it as it was written. One
that is relative to the session's own distribution, such as ``motion.total < median + 3 MAD``, asks
for nothing until its number is settled (`Settled`): the same number holds for all exposures.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Literal

import numpy as np

from icestream.model import QUALITIES, REPORTED_BY, Quality, quality_of
from icestream.protocol import Limit, meant
from icestream.units import converted

__all__ = [
    "Rule",
    "Settled",
    "broken",
    "may_report",
    "read_rule",
    "read_settled",
    "settle",
    "turns",
    "unreported",
]

_NUMBER = r"([-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?)"
_SUBJECT = re.compile(r"([A-Za-z]\w*(?:\.\w+)*)(?:\s+of\s+([a-z][a-z0-9_-]*))?\s*(.*)", re.S)
_COMPARED = re.compile(rf"(<=|>=|<|>)\s*{_NUMBER}\s*(\S*)")
_RANGE = re.compile(rf"{_NUMBER}\s*to\s*{_NUMBER}\s*(\S*)")
_MEDIAN = re.compile(rf"(<=|>=|<|>)\s*median\s*([-+])\s*{_NUMBER}\s*MAD")
_BEST = re.compile(rf"best\s*{_NUMBER}\s*%")
_SETTLED = re.compile(rf"(.+) = {_NUMBER}(?: ?[^\s\d(]+)? \((?:median {_NUMBER} )?of (\d+)\)")
_FORMS = (
    "write it as 'motion.early < 20 Å', 'ctf.defocus 0.5 to 2.5 µm', "
    "'motion.total < median + 3 MAD' or 'ctf.resolution best 90 %'"
)
_SPELLINGS = {"A": "Å", "\u212b": "Å", "um": "µm", "\u03bcm": "µm", "deg": "°"}
_SIGNS = {"≤": "<=", "≥": ">="}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What an exposure must keep; numbers are in the unit that screens show."""

    text: str
    """As it is shown; rules with the same text are the same."""
    quality: str
    step: str = ""
    """The step whose result is meant, where several report the quality; empty: any."""
    low: float | None = None
    high: float | None = None
    inside: bool = False
    """Whether the limits themselves are refused: ``<`` and ``>``."""
    relative: Literal["", "above", "below", "best"] = ""
    """To the session's own distribution: not too far above or below the median, or among the
    best."""
    share: float = 0.0
    """So many MADs, or the best so many percent."""
    basis: str = ""
    """Of a limit that was settled: what it was settled on."""

    @property
    def subject(self) -> tuple[str, str]:
        """The quality, and the step that reports it."""
        return self.quality, self.step

    @property
    def limit(self) -> Limit:
        """As a report draws it."""
        return Limit(quality=self.quality, low=self.low, high=self.high)

    def decided(self, settled: "Settled | None") -> "Rule":
        """The rule with the numbers of a relative limit; without them it asks for nothing."""
        if not self.relative or settled is None:
            return self
        low = self.relative == "below" or (
            self.relative == "best" and quality_of(self.quality).better == "high"
        )
        if self.relative == "best":
            basis = f"best {self.share:g} % of {settled.count} exposures"
        else:
            sign = "-" if low else "+"
            basis = f"median {settled.median:.3g} {sign} {self.share:g} MAD of {settled.count}"
            basis += " exposures"
        if low:
            return replace(self, low=settled.value, basis=basis)
        return replace(self, high=settled.value, basis=basis)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The number that a relative limit stands for, and what it was told from."""

    rule: str
    """Text of the rule."""
    value: float
    median: float
    count: int

    def __str__(self) -> str:
        rule = read_rule(self.rule)
        middle = "" if rule.relative == "best" else f"median {self.median:.6g} "
        value = _with(self.value, quality_of(rule.quality).shown_unit)
        return f"{self.rule} = {value} ({middle}of {self.count})"


def read_rule(text: str) -> Rule:
    """The rule that a text says.

    Raises
    ------
    ValueError
        Saying what is wrong with it, and what may be meant.
    """
    plain = " ".join(text.split())
    for sign, written in _SIGNS.items():
        plain = plain.replace(sign, written)
    found = _SUBJECT.fullmatch(plain)
    if found is None:
        raise ValueError(f"{text!r}: {_FORMS}")
    name, step, asked = found[1], found[2] or "", found[3]
    try:
        _check_name(name)
        return _read(name, step, asked)
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None


def _read(name: str, step: str, asked: str) -> Rule:
    quality = quality_of(name)
    subject = f"{name} of {step}" if step else name
    rule = Rule(text="", quality=name, step=step)
    if found := _MEDIAN.fullmatch(asked):
        sign, way, share = found[1], found[2], _positive(found[3])
        if (sign[0] == "<") != (way == "+"):
            right = "+" if way == "-" else "-"
            raise ValueError(
                "this refuses more than half of all exposures; did you mean "
                f"{sign} median {right} {share:g} MAD?"
            )
        written = f"{subject} {sign} median {way} {share:g} MAD"
        side: Literal["above", "below"] = "above" if way == "+" else "below"
        inside = len(sign) == 1
        return replace(rule, text=written, relative=side, share=share, inside=inside)
    if found := _BEST.fullmatch(asked):
        share = float(found[1])
        if not 0 < share < 100:
            raise ValueError(f"best takes more than 0 % and less than 100 %, found {share:g} %")
        if quality.better is None:
            raise ValueError(
                f"{quality.title} has no better side; write a range, or < median + 3 MAD"
            )
        return replace(rule, text=f"{subject} best {share:g} %", relative="best", share=share)
    if found := _RANGE.fullmatch(asked):
        low, high = (_number(found[index], found[3], quality) for index in (1, 2))
        if low >= high:
            raise ValueError(f"the range begins at {low:g} and ends at {high:g}; turn it round")
        written = f"{subject} {low:g} to {_with(high, quality.shown_unit)}"
        return replace(rule, text=written, low=low, high=high)
    if found := _COMPARED.fullmatch(asked):
        sign, value = found[1], _number(found[2], found[3], quality)
        written = f"{subject} {sign} {_with(value, quality.shown_unit)}"
        rule = replace(rule, text=written, inside=len(sign) == 1)
        return replace(rule, high=value) if sign[0] == "<" else replace(rule, low=value)
    raise ValueError(_FORMS)


def _check_name(name: str) -> None:
    """Refuse a name that nothing reports; those of plugins' families are their own."""
    if name in QUALITIES:
        return
    family, dot, _ = name.partition(".")
    if dot and family not in REPORTED_BY:
        return
    asked = meant(name, QUALITIES)
    ours = [known for known in QUALITIES if known.startswith(f"{family}.")]
    hint = asked or f"there are {', '.join(ours)}"
    if not asked and not ours:
        hint = f"there are {', '.join(QUALITIES)}, and those of plugins"
    raise ValueError(f"no quality {name!r}; {hint}")


def _number(number: str, given: str, quality: Quality) -> float:
    """A number of a rule, checked together with its unit."""
    value, wanted = float(number), quality.shown_unit
    unit = _SPELLINGS.get(given, given)
    if unit and quality.name not in QUALITIES:
        asked = meant(quality.name, QUALITIES)
        raise ValueError(
            f"{quality.name} is none of the qualities with a unit; {f'{asked} ' if asked else ''}"
            f"If a plugin measures it, write {value:g}"
        )
    if unit != wanted:
        raise ValueError(_wrong_unit(value, unit, quality))
    least, most = _bounds(quality)
    if value < least or value > most:
        ends = "is never below 0" if value < least else f"is never above {most:g}"
        space = "" if wanted in ("", "°") else " "
        raise ValueError(f"{quality.title} {ends}{space}{wanted}, found {_with(value, wanted)}")
    return value


def _wrong_unit(value: float, unit: str, quality: Quality) -> str:
    wanted = quality.shown_unit
    if not unit and wanted == "%" and 0 < value <= 1:
        return f"{value:g} has no unit; did you mean {_with(100 * value, wanted)}?"
    if not unit:
        return f"{value:g} has no unit; write {_with(value, wanted)}"
    same = converted(value, unit, wanted)
    asked = "" if same is None else f"; did you mean {_with(same, wanted)} ({value:g} {unit})?"
    if not wanted:
        return f"{quality.title} has no unit, found {unit}{asked or f'; write {value:g}'}"
    return f"{quality.title} is given in {wanted}, found {unit}{asked or f'; write it in {wanted}'}"


def _bounds(quality: Quality) -> tuple[float, float]:
    """Between what the values of a quality are, whatever the exposure."""
    counted = quality.name.endswith((".count", ".particles"))
    length = quality.shown_unit == "Å"
    if quality.shown_unit == "%" and quality.name != "gain.residual":
        return 0.0, 100.0
    return (0.0 if counted or length else -np.inf), np.inf


def _positive(number: str) -> float:
    value = float(number)
    if value <= 0:
        raise ValueError(f"MADs are counted from more than 0, found {value:g}")
    return value


def read_settled(text: str) -> Settled:
    """A number that a session settled, from its text; ValueError says how it is written."""
    found = _SETTLED.fullmatch(" ".join(text.split()))
    if found is None:
        raise ValueError(
            f"{text!r}: the session itself writes these, such as "
            "'motion.total < median + 3 MAD = 23.1 Å (median 11 of 120)'"
        )
    rule = read_rule(found[1])
    if not rule.relative:
        raise ValueError(f"{text!r}: {rule.text} has its number already")
    median = float(found[3]) if found[3] else float("nan")
    return Settled(rule=rule.text, value=float(found[2]), median=median, count=int(found[4]))


def settle(rule: Rule, values: Sequence[float]) -> Settled:
    """The number of a relative limit, by the values of so many exposures.

    Parameters
    ----------
    rule
        One that is `relative`.
    values
        As they are stored, one for each exposure.

    Returns
    -------
    Settled
        With four digits. MAD is the median absolute deviation from the median, as it is: for a
        normal distribution 1 MAD is 0.674 standard deviations.
    """
    quality = quality_of(rule.quality)
    shown = np.asarray(values, dtype=np.float64) * quality.scale
    median = float(np.median(shown))
    if rule.relative == "best":
        share = rule.share if quality.better == "low" else 100.0 - rule.share
        value = float(np.percentile(shown, share))
    else:
        distance = rule.share * float(np.median(np.abs(shown - median)))
        value = median + (distance if rule.relative == "above" else -distance)
    return Settled(
        rule=rule.text, value=float(f"{value:.4g}"), median=float(f"{median:.4g}"), count=len(shown)
    )


def turns(rule: Rule, old: Settled, new: Settled, values: Iterable[float]) -> bool:
    """Whether some of the exposures with these values keep a rule with one number alone."""
    ways = [rule.decided(old), rule.decided(new)]
    measured = [{rule.quality: value} for value in values]
    return any(
        bool(broken(ways[0], one, [one])) != bool(broken(ways[1], one, [one])) for one in measured
    )


def broken(rule: Rule, measured: Mapping[str, float], others: Iterable[Mapping[str, float]]) -> str:
    """Why an exposure does not keep a rule; empty where it does.

    Parameters
    ----------
    rule
        With its numbers; one that has none is kept by all.
    measured
        Qualities of what the selection always sees; they come first, unless the rule names a step.
    others
        Qualities of what is linked as evidence, and of the step that is named alone where one is.
    """
    if rule.low is None and rule.high is None:
        return ""
    quality = quality_of(rule.quality)
    title, unit = quality.title, quality.shown_unit
    known = [*([] if rule.step else [measured]), *others]
    raw = next((found[rule.quality] for found in known if rule.quality in found), None)
    if raw is None:
        return f"{title} was not measured, and the rule '{rule.text}' asks for it"
    value = raw * quality.scale
    if not isfinite(value):
        return f"{title} could not be measured, and the rule '{rule.text}' asks for it"
    for where, limit, past in (
        ("below", rule.low, rule.low is not None and value < rule.low),
        ("above", rule.high, rule.high is not None and value > rule.high),
    ):
        at = rule.inside and value == limit
        if limit is not None and (past or at):
            basis = f" ({rule.basis})" if rule.basis else ""
            said = f"{title} {_with(value, unit, short=True)} is {'at' if at else where} the limit"
            return f"{said} of {_with(limit, unit)}{basis}"
    return ""


def unreported(rules: Iterable[Rule], linked: Sequence[tuple[str, type[Any]]]) -> Iterator[str]:
    """Why rules cannot be kept by any exposure, where that can be known from what is linked.

    Parameters
    ----------
    rules
        Of a selection.
    linked
        What is linked to it: the step, and the type of the item. A plugin's item may report
        anything, and is found out when it does.
    """
    for rule in rules:
        asked = [(step, kind) for step, kind in linked if rule.step in ("", step)]
        if rule.step and not asked:
            steps = ", ".join(dict.fromkeys(step for step, _ in linked))
            yield (
                f"rule '{rule.text}': no result of a step {rule.step!r} is linked; those of "
                f"{steps} are; link {rule.step!r} to the input 'evidence'"
            )
        elif not any(may_report(kind, rule.quality) for _, kind in asked):
            maker = REPORTED_BY.get(rule.quality.partition(".")[0])
            what = f"a step that makes {maker}" if maker else "the step that does"
            no = f"{rule.step!r} does not report" if rule.step else "nothing that is linked reports"
            question = "" if maker else meant(rule.quality, QUALITIES)
            asked_ = f"{question} Else " if question else ""
            yield (
                f"rule '{rule.text}': {no} {rule.quality}; {asked_}link {what} "
                "to the input 'evidence'"
            )


def may_report(kind: type[Any], quality: str) -> bool:
    """Whether an item of a type may report a quality: that of a plugin may report any."""
    ours = kind.__module__.startswith("icestream.model")
    reporter = REPORTED_BY.get(quality.partition(".")[0])
    return not ours or any(base.__name__ == reporter for base in kind.__mro__)


def _with(value: float, unit: str, *, short: bool = False) -> str:
    number = f"{value:g}"
    if short:
        number = f"{value:.0f}" if abs(value) >= 100.0 else f"{value:.3g}"
    return f"{number}{'' if unit in ('', '°') else ' '}{unit}"
