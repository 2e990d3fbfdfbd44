"""The parameters of steps of ours from those of another program's steps."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from icestream.engine.graph.blanks import read_value
from icestream.engine.graph.document import BLANK, Blank, uses
from icestream.engine.graph.workflow import Output
from icestream.exchange.foreign import ForeignStep, ForeignWorkflow
from icestream.exchange.mapped import MappedValue
from icestream.exchange.table import HOW_IT_RUNS
from icestream.exchange.values import CannotConvert, Converted, convert, nothing, plain
from icestream.protocol import ANY, Becomes, Counterpart, Protocol, refused_values, unit_of
from icestream.protocol.describe import bare_type, value_words

__all__ = ["Made", "Taking"]

_METADATA = ("pixel_size", "voltage", "spherical_aberration", "amplitude_contrast",
             "dose_per_frame", "frames", "gain")  # fmt: skip
"""Parameters of a source that the acquisition's metadata may say."""
_BINS = ("downFactor", "binFactor", "bin_factor")
"""What theirs call the factor by which they make pixels larger."""


@dataclass(slots=True)
class Made:
    """A step of ours in the making."""

    name: str
    protocol: type[Protocol[Any]] | None
    """None: a placeholder."""
    row: Counterpart | None
    inputs: dict[str, tuple[Output, ...]] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)


class Taking:
    """Takes values over, step by step, and notes what became of each.

    Parameters
    ----------
    foreign
        Their workflow.
    made
        Our steps, by the ids of theirs; their parameters are filled in.
    blanks
        Blanks by name; they get the kind and the unit of what they stand for.
    """

    def __init__(
        self,
        foreign: ForeignWorkflow,
        made: Mapping[str, Sequence[Made]],
        blanks: dict[str, Blank],
    ) -> None:
        self.foreign, self.made, self.blanks = foreign, made, blanks
        self.values: dict[str, list[MappedValue]] = {step.id: [] for step in foreign.steps}

    def take(self, step: ForeignStep) -> None:
        """Take all values of one of their steps."""
        known: set[str] = set()
        linked: set[str] = set()
        for made in self.made[step.id]:
            if made.row is not None:
                known |= self._values_of(step, made, made.row)
                linked |= made.row.inputs.keys()
        if not (known or linked):
            return  # a placeholder keeps them all
        said = self.values[step.id]
        for name, links in step.links.items():
            if name not in linked:
                leads = ", ".join(f"{link.step}.{link.output}".rstrip(".") for link in links)
                said.append(MappedValue(theirs=name, value=leads, remark="points to another step"))
        for name in linked & step.values.keys():
            if not nothing(step.values[name]):
                away = "leads to no step of the file"
                said.append(MappedValue(theirs=name, value=step.values[name], remark=away))
        passed = HOW_IT_RUNS[self.foreign.program]
        for name, value in step.values.items():
            if name not in known | linked | passed and not nothing(value):
                said.append(MappedValue(theirs=name, value=plain(value, self.blanks)))

    def _values_of(self, step: ForeignStep, made: Made, row: Counterpart) -> set[str]:
        """Fill in the parameters of one step; the names of theirs that are dealt with."""
        made.parameters.update(row.fixed)
        dealt = {name for name, value in row.passed.items() if self._is(step, name, value)}
        pixel = self.pixel_within(step)
        for taken in row.taken:
            names = taken.theirs.split(",")
            dealt |= {*names, taken.only_if, taken.also, taken.grouped}
            said = plain(step.values.get(taken.theirs), self.blanks)
            try:
                got = convert(taken, step.values, pixel, self.blanks)
                if got is None:
                    continue
                if len(names) > 1:
                    said = plain(got.value, self.blanks) or got.value
                holder = made if taken.at == "step" else self._source(step)
                if holder is None or holder.protocol is None:
                    raise CannotConvert("no step takes the movies in")
                if taken.grouped:
                    got = self._of_one_frame(step, taken, holder, got)
                became = self._put(holder, holder.protocol, taken.ours, got)
                got = self._with_other(step, taken, got)
            except CannotConvert as error:
                refused = MappedValue(theirs=taken.theirs, value=said, remark=str(error))
                self.values[step.id].append(refused)
                continue
            theirs, said = (taken.only_if, False) if got.is_off else (taken.theirs, said)
            self.values[step.id].append(
                replace(became, theirs=theirs, value=said, remark=got.remark)
            )
        return dealt

    def _of_one_frame(
        self, step: ForeignStep, taken: Becomes, holder: Made, got: Converted
    ) -> Converted:
        """The dose of a frame in the file, where theirs is that of EER frames that they add up."""
        pattern = str(plain(holder.parameters.get("pattern"), self.blanks) or "")
        if not pattern.lower().endswith(".eer"):
            return got
        try:
            count = float(plain(step.values.get(taken.grouped), self.blanks))
            one = float(f"{float(got.value) / count:.6g}")
        except (TypeError, ValueError, ZeroDivisionError):
            raise CannotConvert(
                "it is the dose of several EER frames; set dose_per_frame, of one of them, and "
                "eer_dose, of those that are added up"
            ) from None
        holder.parameters["eer_dose"] = float(got.value)
        said = f"{taken.grouped} is {count:g}, and here it is the dose of one EER frame; eer_dose"
        return Converted(one, f"{said} is {float(got.value):g}")

    def _with_other(self, step: ForeignStep, taken: Becomes, got: Converted) -> Converted:
        """What is said of a number that is another one along the other axis."""
        one, other = (plain(step.values.get(n), self.blanks) for n in (taken.theirs, taken.also))
        if nothing(other) or str(other) == str(one) or other in taken.skip:
            return got
        differs = f"{taken.also} is {value_words(other)}, and both are one number here"
        return replace(got, remark="; ".join(filter(None, (got.remark, differs))))

    def _put(
        self, holder: Made, protocol: type[Protocol[Any]], ours: str, got: Converted
    ) -> MappedValue:
        """Set one parameter, where its model takes it."""
        model, value = protocol.parameters_type(), got.value
        trial = {**holder.parameters, ours: value}
        known = {n: p for n, v in trial.items() if (p := plain(v, self.blanks)) is not None}
        read: Any = None
        try:
            read = getattr(model.model_validate(known), ours)
        except ValidationError as error:
            why = {name.partition(".")[0]: why for name, why in refused_values(model, error)}
            if ours in why or "" in why:
                raise CannotConvert(why.get(ours, why.get("", ""))) from None
        if isinstance(value, str) and not any(uses(value)) and isinstance(read, bool | int | float):
            value = read
        holder.parameters[ours] = value
        self._shape_blank(holder, ours, value)
        return MappedValue(
            theirs="",
            value=None,
            ours=f"{holder.name}.{ours}",
            became=known.get(ours, value)
            if isinstance(got.value, str) and any(uses(got.value))
            else value,
            unit=unit_of(model.model_fields[ours]) or "",
        )

    def _shape_blank(self, holder: Made, ours: str, value: Any) -> None:
        """Give a blank the kind and unit of the parameter that it is the whole of."""
        whole = BLANK.fullmatch(value) if isinstance(value, str) else None
        if whole is None or whole[1] not in self.blanks or holder.protocol is None:
            return
        old = self.blanks[whole[1]]
        model_field = holder.protocol.parameters_type().model_fields[ours]
        kinds = {"bool": "yes or no", "float": "number", "int": "whole number", "Path": "file"}
        text = str(bare_type(model_field.annotation))
        kind = next(
            (kind for word, kind in kinds.items() if re.search(rf"\b{word}\b", text)), old.kind
        )
        shaped: dict[str, Any] = {**old.model_dump(exclude_unset=True), "kind": kind}
        if unit := unit_of(model_field):
            shaped["unit"] = unit
        if holder.protocol.brings and ours in _METADATA:
            shaped["metadata"] = ours
            shaped.setdefault("default", None)
        if shaped.get("default") is not None:
            try:
                shaped["default"] = read_value(
                    Blank(name=old.name, kind=shaped["kind"]), old.default
                )
            except ValueError:
                return
        self.blanks[old.name] = Blank.model_validate(shaped)

    def _is(self, step: ForeignStep, name: str, wanted: Any) -> bool:
        value = plain(step.values.get(name), self.blanks)
        if wanted == ANY:
            return True
        allowed = wanted if isinstance(wanted, tuple) else (wanted,)
        return any(value == one for one in allowed)

    def _source(self, step: ForeignStep) -> Made | None:
        """The step of ours that takes in what comes to a step."""
        front, seen = [step.id], set()
        while front:
            id_ = front.pop(0)
            if id_ in seen or (at := self.foreign.step(id_)) is None:
                continue
            seen.add(id_)
            for made in self.made[id_]:
                if made.protocol is not None and made.protocol.brings:
                    return made
            front += [link.step for links in at.links.values() for link in links]
        return None

    def pixel_within(self, step: ForeignStep) -> float | None:
        """Pixel size of what a step works on, Å: of what comes to it, as it shrinks that itself."""
        pixel, row = self.pixel(step), self.made[step.id][0].row
        by = plain(step.values.get(row.shrinks), self.blanks) if row is not None else None
        return pixel * by if pixel and isinstance(by, int | float) and by > 0 else pixel

    def pixel(self, step: ForeignStep) -> float | None:
        """Pixel size of what comes to a step, Å, as far as the file says it."""
        factor, at, seen = 1.0, step, {step.id}
        while True:
            row = self.made[at.id][0].row
            if row is not None and row.pixel:
                value = plain(at.values.get(row.pixel), self.blanks)
                try:
                    return float(value) * factor if value else None
                except (TypeError, ValueError):
                    return None
            if row is not None and row.bins and at is not step:
                bins = plain(at.values.get(row.bins), self.blanks)
                factor *= float(bins) if isinstance(bins, int | float) and bins else 1.0
            if row is None and at is not step:
                by = self._resized(at)
                if by is None:
                    return None
                factor *= by
            before = [
                found
                for links in at.links.values()
                for link in links
                if link.step not in seen and (found := self.foreign.step(link.step))
            ]
            if not before:
                return None
            at = before[0]
            seen.add(at.id)

    def _resized(self, step: ForeignStep) -> float | None:
        """By how much a step that is a placeholder here makes pixels larger; None: not known."""
        said = {name: plain(value, self.blanks) for name, value in step.values.items()}
        if said.get("doResize", "resizeOption" in said):
            return None
        if not said.get("doDownsample", True):
            return 1.0
        by = next((said[name] for name in _BINS if name in said), 1.0)
        return float(by) if isinstance(by, int | float) and by > 0 else None
