"""A workflow as Scipion reads it: what was imported from there as it was, and what changed since.

Each step that came from Scipion is written as its file said. What it would be now, imported anew,
is compared with what it is: parameters and links that differ are converted back, by the table.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from icestream.engine.graph.document import BLANK, Blank, uses
from icestream.engine.graph.workflow import Output, Step, Workflow, output_port, placeholder_of
from icestream.exchange.foreign import ForeignWorkflow
from icestream.exchange.scipion_file import read_scipion, write_scipion
from icestream.exchange.table import OUTPUTS
from icestream.exchange.translate import Translated, rows_of, translate
from icestream.exchange.values import CannotConvert, back
from icestream.protocol import ANY, Becomes, Counterpart, Registry
from icestream.protocol.describe import value_words

__all__ = ["Exported", "compared", "export_scipion"]

_NEW: Mapping[str, Any] = {
    "object.comment": "", "_useQueue": False, "_prerequisites": "", "_queueParams": None,
    "runName": None, "runMode": 0,
}  # fmt: skip
_OF_PIXELS = ("pixels", "frequency")
"""How parameters are taken over that depend on the pixel size."""
_KINDS = {"text": 0, "yes or no": 1, "whole number": 3, "number": 4, "file": 5, "folder": 6}


@dataclass(frozen=True, slots=True)
class Exported:
    """The text of a file, and what could not be said there."""

    text: str
    remarks: tuple[str, ...]
    steps: int
    """Protocols in it."""


def export_scipion(workflow: Workflow, registry: Registry) -> Exported:
    """A workflow as Scipion's JSON, or as a template where it leaves something open.

    Parameters
    ----------
    workflow
        The workflow; imported from Scipion, or made here.
    registry
        Where protocols are found.
    """
    return _Export(workflow, registry).done()


class _Export:
    def __init__(self, workflow: Workflow, registry: Registry) -> None:
        self.workflow, self.registry = workflow, registry
        self.blanks = {blank.name: blank for blank in workflow.blanks}
        self.remarks: list[str] = []
        self.objects: dict[str, dict[str, Any]] = {}
        self.ids = self._numbered()
        self.foreign = self._as_it_was()
        self.anew: Translated | None = None
        self.before = self._imported_anew()
        self.rows: dict[str, list[tuple[str, Counterpart]]] = {}
        for kind, rows in rows_of("scipion", registry, "program").items():
            for protocol, row in rows:
                self.rows.setdefault(protocol.name, []).append((kind, row))

    def done(self) -> Exported:
        """Every step, in the order of the workflow."""
        for step in self.workflow.steps:
            if placeholder_of(step) and step.origin is not None:
                self._placeholder(step)
            elif step.name in self.ids:
                self._known(step)
        origin = self.workflow.origin
        intro = (
            str(origin.values.get("intro", "")) if origin and origin.program == "scipion" else ""
        )
        listed = [self._with_fields(one) for one in self.objects.values()]
        return Exported(write_scipion(listed, intro), tuple(self.remarks), len(listed))

    def _numbered(self) -> dict[str, str]:
        """Ids by the names of steps: those that they had, and new ones."""
        ids: dict[str, str] = {}
        own: set[str] = set()
        for step in self.workflow.steps:
            if step.origin is not None and step.origin.program == "scipion":
                ids[step.name] = step.origin.id
                own.add(step.origin.id)
        number = max([int(id_) for id_ in own if id_.isdigit()], default=1)
        can = {protocol.name for rows in rows_of("scipion", self.registry, "program").values()
               for protocol, _ in rows}  # fmt: skip
        for step in self.workflow.steps:
            if step.name in ids:
                continue
            if step.protocol not in can:
                self.remarks.append(
                    f"step {step.name!r} ({step.protocol}) is left out: "
                    "Scipion has nothing that it would be"
                )
                continue
            number += 1
            ids[step.name] = str(number)
        return ids

    def _as_it_was(self) -> ForeignWorkflow | None:
        """What was imported, from the origins of the steps that are left."""
        raws: dict[str, Mapping[str, Any]] = {}
        for step in self.workflow.steps:
            origin = step.origin
            if origin is None or origin.program != "scipion":
                continue
            own = step.parameters if placeholder_of(step) else {}
            raws.setdefault(origin.id, {**origin.values, **own})
        if not raws:
            return None
        form = self.workflow.origin.kind if self.workflow.origin else "json"
        intro = "template" if form == "template" else ""
        return read_scipion(write_scipion(list(raws.values()), intro), self.workflow.name)

    def _imported_anew(self) -> dict[tuple[str, str], Step]:
        """Steps as an import would make them now, by id and protocol."""
        if self.foreign is None:
            return {}
        chosen: dict[str, tuple[str, ...]] = {}
        for step in self.workflow.steps:
            if step.origin is not None and not placeholder_of(step):
                chosen[step.origin.id] = (*chosen.get(step.origin.id, ()), step.protocol)
        # A placeholder stays one, whatever can be mapped since.
        held = {s.origin.id: () for s in self.workflow.steps if s.origin and placeholder_of(s)}
        self.anew = translate(self.foreign, self.registry, chosen={**chosen, **held})
        steps = self.anew.workflow.steps
        return {(step.origin.id, step.protocol): step for step in steps if step.origin}

    def _placeholder(self, step: Step) -> None:
        assert step.origin is not None
        made = {**step.origin.values, **step.parameters}
        before = self.before.get((step.origin.id, step.protocol))
        self._link(step, before, made, {name: name for name in step.inputs})
        if before is not None:
            for name in before.inputs.keys() - step.inputs.keys():
                made[name] = None
        self.objects[step.origin.id] = made

    def _known(self, step: Step) -> None:
        id_ = self.ids[step.name]
        before = self.before.get((id_, step.protocol)) if step.origin else None
        kind, row = self._row(step)
        if step.origin is not None and before is not None:
            made = self.objects.setdefault(id_, dict(step.origin.values))
        else:
            made = {"object.className": kind, "object.id": id_, "object.label": step.name, **_NEW}
            for name, value in row.passed.items():
                if value != ANY:
                    made[name] = value[-1] if isinstance(value, tuple) else value
            made.update(row.when)
            self.objects[id_] = made
            if step.origin is not None:
                self.remarks.append(
                    f"step {step.name!r}: {kind} takes the place of {step.origin.kind}"
                )
        self._parameters(step, before, row, made)
        ports: dict[str, str] = {}
        for name, port in row.inputs.items():
            if port != ANY and port not in ports.values():
                ports[name] = port
        self._link(step, before, made, ports)

    def _row(self, step: Step) -> tuple[str, Counterpart]:
        rows = self.rows[step.protocol]
        if step.origin is not None:
            for kind, row in rows:
                if kind == step.origin.kind:
                    return kind, row
        return next(((kind, row) for kind, row in rows if row.same), rows[0])

    def _parameters(
        self, step: Step, before: Step | None, row: Counterpart, made: dict[str, Any]
    ) -> None:
        old = dict(before.parameters) if before else dict(row.fixed)
        gone = [name for name in old if name not in step.parameters] if before else []
        pixel = self._pixel(step, before)
        resized = before is not None and pixel != self._pixel_before(step)
        changed = {
            name: value
            for name, value in step.parameters.items()
            if name not in old
            or old[name] != value
            # The same length is another number of pixels.
            or (resized and (said := self._taken(row, made, name)) and said.by in _OF_PIXELS)
        }
        for name, value in changed.items():
            taken = self._taken(row, made, name)
            holder = made
            if taken is None and (found := self._of_another(step, name)):
                holder, taken = found
            try:
                if taken is None:
                    raise CannotConvert("Scipion has no such parameter")
                self._write(taken, value, pixel, holder)
            except CannotConvert as error:
                self.remarks.append(
                    f"step {step.name!r}: {name} = {value_words(value)} is not written: {error}"
                )
        for name in gone:
            if taken := self._taken(row, made, name):
                for one in filter(None, (*taken.theirs.split(","), taken.also)):
                    made[one] = None

    @staticmethod
    def _taken(row: Counterpart, made: Mapping[str, Any], ours: str) -> Becomes | None:
        """How one parameter of ours is written: by a name that the file has already, if any."""
        rows = [taken for taken in row.taken if taken.ours == ours and taken.at == "step"]
        there = [taken for taken in rows if taken.theirs in made]
        return next(iter(there or rows), None)

    def _of_another(self, step: Step, ours: str) -> tuple[dict[str, Any], Becomes] | None:
        """The object of another step that says it there: gain and dose of what is taken in."""
        for other in self.workflow.steps:
            feeds = any(one.step == step.name for links in other.inputs.values() for one in links)
            if feeds and other.name in self.ids and not placeholder_of(other):
                for taken in self._row(other)[1].taken:
                    if taken.ours == ours and taken.at == "source":
                        found = self.objects.setdefault(
                            self.ids[other.name], dict(other.origin.values) if other.origin else {}
                        )
                        return found, taken
        return None

    @staticmethod
    def _write(taken: Becomes, value: Any, pixel: float | None, made: dict[str, Any]) -> None:
        if taken.by == "path":
            folder, name = taken.theirs.split(",")
            made[folder], _, made[name] = str(value).rpartition("/")
            return
        if taken.only_if and taken.off is not None and value == taken.off:
            made[taken.only_if] = False
            return
        made[taken.theirs] = back(taken, value, pixel)
        if taken.also:
            made[taken.also] = made[taken.theirs]
        if taken.only_if:
            made[taken.only_if] = True

    def _pixel(self, step: Step, before: Step | None) -> float | None:
        """Pixel size of what comes to a step, Å; None where it is not known."""
        now, was = self._pixel_of(self.workflow, step), self._pixel_before(step)
        if before is None or was is None or self.anew is None:
            return now
        then = self._pixel_of(self.anew.workflow, before)
        return was * (now / then) if now and then else was

    def _pixel_before(self, step: Step) -> float | None:
        """The same as the file said it that the step was imported from."""
        return self.anew.pixels.get(step.origin.id) if step.origin and self.anew else None

    def _pixel_of(self, workflow: Workflow, step: Step) -> float | None:
        """The same by what is taken in, and what is binned before the step."""
        factor, at, seen = 1.0, step, {step.name}
        while before := [
            one.step for links in at.inputs.values() for one in links if one.step not in seen
        ]:
            at = workflow.step(before[0])
            seen.add(at.name)
            rows = (row for _, row in self.rows.get(at.protocol, ()))
            factor *= _binned(at, rows, self.registry)
        size = at.parameters.get("pixel_size")
        return float(size) * factor if isinstance(size, int | float) and size > 0 else None

    # Links

    def _link(
        self, step: Step, before: Step | None, made: dict[str, Any], ports: Mapping[str, str]
    ) -> None:
        """Write links that are otherwise than they were."""
        names = self._names_before()
        for name, port in ports.items():
            now = step.inputs.get(port, ())
            was = tuple(
                replace(one, step=names.get(one.step, one.step))
                for one in (before.inputs.get(port, ()) if before else ())
            )
            if now == was and before is not None:
                continue
            written = [text for one in now if (text := self._pointer(one)) is not None]
            if not written:
                made[name] = None
            else:
                made[name] = (
                    written if len(written) > 1 or isinstance(made.get(name), list) else written[0]
                )

    def _names_before(self) -> dict[str, str]:
        """What the steps of the anew imported workflow are called in this one."""
        if self.anew is None:
            return {}
        own = {
            (step.origin.id, step.protocol): step.name
            for step in self.workflow.steps
            if step.origin
        }
        return {
            step.name: own[step.origin.id, step.protocol]
            for step in self.anew.workflow.steps
            if step.origin and (step.origin.id, step.protocol) in own
        }

    def _pointer(self, source: Output) -> str | None:
        """Text of a link; None to a step that is not written."""
        if source.step not in self.ids:
            return None
        id_, feeding = self.ids[source.step], self.workflow.step(source.step)
        if placeholder_of(feeding):
            return f"{id_}.{source.port}" if source.port else id_
        for protocol in self.registry.usable([feeding.protocol]):
            port = output_port(protocol, source)
            item = port.item.__name__ if port else ""
            begins = next((name for name, kind in OUTPUTS["scipion"] if kind == item), "")
            return f"{id_}.{begins}" if begins else id_
        return id_

    # Fields

    def _with_fields(self, made: Mapping[str, Any]) -> dict[str, Any]:
        return {key: self._fields_in(value) for key, value in made.items()}

    def _fields_in(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._fields_in(one) for one in value]
        if not isinstance(value, str) or not any(name in self.blanks for name in uses(value)):
            return value
        return BLANK.sub(lambda found: _field(self.blanks[found[1]]), value)


def _binned(step: Step, rows: Iterable[Counterpart], registry: Registry) -> float:
    """By how much a step makes pixels larger."""
    for row in rows:
        for taken in row.taken:
            if row.bins and taken.theirs == row.bins:
                (protocol,) = registry.usable([step.protocol])
                default = protocol.parameters_type().model_fields[taken.ours].default
                by = step.parameters.get(taken.ours, default)
                return float(by) if isinstance(by, int | float) and by > 0 else 1.0
    return 1.0


def _field(blank: Blank) -> str:
    """A blank of ours as a field of a template."""
    known = blank.default
    default = (
        ""
        if known is None
        else str(known).lower()
        if known is True or known is False
        else str(known)
    )
    title = (blank.title or blank.name).replace("|", "/").replace("~", "-")
    return f"~{title}|{default}|{_KINDS[blank.kind]}|{blank.name}~"


def compared(one: ForeignWorkflow, other: ForeignWorkflow) -> Iterator[str]:
    """How two workflows of Scipion differ as graphs: protocols, links, every parameter."""
    mine = {step.id: step for step in one.steps}
    theirs = {step.id: step for step in other.steps}
    for id_ in sorted(mine.keys() ^ theirs.keys()):
        yield f"protocol {id_} is in one of them only"
    for id_ in sorted(mine.keys() & theirs.keys()):
        a, b = mine[id_].raw, theirs[id_].raw
        for key in sorted(a.keys() | b.keys()):
            if a.get(key, "nothing") != b.get(key, "nothing") or type(a.get(key)) is not type(
                b.get(key)
            ):
                yield f"protocol {id_}: {key} is {a.get(key)!r} and {b.get(key)!r}"
