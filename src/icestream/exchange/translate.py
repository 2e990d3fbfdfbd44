"""A workflow of another program as one of ours, by the table of counterparts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from icestream.engine.graph.document import Origin
from icestream.engine.graph.workflow import Output, Step, Workflow, load_workflow
from icestream.exchange.foreign import ForeignLink, ForeignStep, ForeignWorkflow
from icestream.exchange.mapped import Mapped, MappedValue
from icestream.exchange.scipion_file import ENVELOPE
from icestream.exchange.table import TABLE, hinted
from icestream.exchange.taking import Made, Taking
from icestream.exchange.values import plain
from icestream.protocol import ANY, Counterpart, Protocol, Registry

__all__ = ["Prefer", "Translated", "translate"]

Prefer = Literal["program", "own"]
Row = tuple[type[Protocol[Any]], Counterpart]


@dataclass(frozen=True, slots=True)
class Translated:
    """A workflow of ours, and what became of each step of theirs."""

    workflow: Workflow
    mapped: tuple[Mapped, ...]
    pixels: Mapping[str, float]
    """Pixel size of what each step of theirs works on, Å, by its id, where the file says it."""


def translate(
    foreign: ForeignWorkflow,
    registry: Registry,
    *,
    prefer: Prefer = "program",
    chosen: Mapping[str, tuple[str, ...]] | None = None,
) -> Translated:
    """Map a workflow of another program.

    Parameters
    ----------
    foreign
        What was read.
    registry
        Where protocols are found; those of plugins may bring counterparts of their own.
    prefer
        ``program``: a plugin that runs the very program before icestream's own protocol for the
        purpose; ``own``: the reverse.
    chosen
        Protocols to take for steps, by their ids, instead of what the table has first.
    """
    return _Translation(foreign, registry, prefer, chosen or {}).done()


class _Translation:
    def __init__(
        self,
        foreign: ForeignWorkflow,
        registry: Registry,
        prefer: Prefer,
        chosen: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.foreign, self.registry = foreign, registry
        self.chosen = chosen
        self.rows = rows_of(foreign.program, registry, prefer)
        self.blanks = {blank.name: blank for blank in foreign.blanks}
        self.made: dict[str, list[Made]] = {}
        self.remarks: dict[str, list[str]] = {step.id: [] for step in foreign.steps}
        self.names: set[str] = set()
        self.ours = {step.protocol: step.name for step in load_workflow("default").steps}

    def done(self) -> Translated:
        """All steps, then all links, then all values."""
        for step in self.foreign.steps:
            self.made[step.id] = [self._begun(step, row) for row in self._chosen(step)] or [
                Made(self._name(_placeholder_name(step)), None, None)
            ]
        for step in self.foreign.steps:
            for made in list(self.made[step.id]):
                self._link(step, made)
            self.made[step.id] = self._that_can_be(step)
        taking = Taking(self.foreign, self.made, self.blanks)
        for step in self.foreign.steps:
            taking.take(step)
        steps = tuple(
            self._step(step, made) for step in self.foreign.steps for made in self.made[step.id]
        )
        workflow = Workflow(
            name=self.foreign.name,
            about=self.foreign.about,
            steps=steps,
            blanks=tuple(self.blanks.values()),
            origin=Origin(
                program=self.foreign.program,
                kind=self.foreign.form,
                values=dict(self.foreign.values),
            ),
        )
        pixels = {step.id: taking.pixel_within(step) for step in self.foreign.steps}
        return Translated(
            workflow,
            tuple(self._mapped(step, taking.values[step.id]) for step in self.foreign.steps),
            {id_: size for id_, size in pixels.items() if size is not None},
        )

    # Which protocols

    def _chosen(self, step: ForeignStep) -> list[Row]:
        fitting = [row for row in self.rows.get(step.kind, ()) if self._fits(step, row)]
        if step.id in self.chosen:
            asked = self.chosen[step.id]
            fitting = [row for row in fitting if row[0].name in asked]
        parts = [row for row in fitting if row[1].part]
        if fitting and fitting[0][1].part:
            return list({protocol.name: (protocol, row) for protocol, row in parts}.values())
        return fitting[:1]

    def _fits(self, step: ForeignStep, row: Row) -> bool:
        protocol, counterpart = row
        for name, wanted in counterpart.when.items():
            value = plain(step.values.get(name), self.blanks)
            if value is not None and value != wanted:
                return False
        ports = {port.name: port for port in protocol.inputs()}
        for name, port in counterpart.inputs.items():
            for link in step.links.get(name, ()):
                item = hinted(self.foreign.program, link.output)
                if item and port != ANY and item != ports[port].item.__name__:
                    return False
        return True

    def _begun(self, step: ForeignStep, row: Row) -> Made:
        protocol, counterpart = row
        usual = self.ours.get(protocol.name) or protocol.name.replace(".", "_")
        return Made(self._name(usual), protocol, counterpart)

    def _name(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self.names:
            number += 1
            name = f"{wanted}_{number}"
        self.names.add(name)
        return name

    # Links

    def _link(self, step: ForeignStep, made: Made) -> None:
        if made.protocol is None or made.row is None:
            for name, links in step.links.items():
                outputs = [self._output(link) for link in links]
                if not any(self._leads_back(step, link) for link in links):
                    made.inputs[name] = tuple(dict.fromkeys(outputs))
            return
        ports = {port.name: port for port in made.protocol.inputs()}
        for name, port in made.row.inputs.items():
            if port == ANY:
                continue
            found = [
                output
                for link in step.links.get(name, ())
                if (output := self._find(link, ports[port].item)) is not None
            ]
            if found:
                made.inputs[port] = tuple(dict.fromkeys((*made.inputs.get(port, ()), *found)))
        for one in ports.values():
            if one.name not in made.inputs and not one.optional:
                # theirs knows by itself what lies before it
                implied = self._nearest(step, one.item) or self._beside(step, made, one.item)
                if implied is not None:
                    made.inputs[one.name] = (implied,)

    def _output(self, link: ForeignLink) -> Output:
        """What a placeholder takes: the port of the type that the output's name tells."""
        candidates = self.made[link.step]
        item = hinted(self.foreign.program, link.output)
        for made in candidates:
            if made.protocol is None:
                return Output(made.name, link.output)
            for port in made.protocol.outputs():
                if item == port.item.__name__:
                    return Output(made.name, port.name)
        first = candidates[0]
        ports = first.protocol.outputs() if first.protocol else ()
        return Output(first.name, ports[0].name if link.output and ports else "")

    def _find(self, link: ForeignLink, item: type[Any]) -> Output | None:
        """The output of a type that a link leads to, or the nearest before it."""
        for made in self.made[link.step]:
            if made.protocol is None:
                return Output(made.name, link.output)
            for port in made.protocol.outputs():
                if issubclass(port.item, item):
                    return Output(made.name, port.name)
        source = self.foreign.step(link.step)
        return None if source is None else self._nearest(source, item)

    def _nearest(self, step: ForeignStep, item: type[Any]) -> Output | None:
        """The nearest output of a type before a step."""
        front, seen = [link for links in step.links.values() for link in links], {step.id}
        while front:
            link = front.pop(0)
            if link.step in seen:
                continue
            seen.add(link.step)
            for made in self.made[link.step]:
                ports = made.protocol.outputs() if made.protocol else ()
                for port in ports:
                    if issubclass(port.item, item):
                        return Output(made.name, port.name)
                if (
                    made.protocol is None
                    and hinted(self.foreign.program, link.output) == item.__name__
                ):
                    return Output(made.name, link.output)
            source = self.foreign.step(link.step)
            front += [one for links in source.links.values() for one in links] if source else []
        return None

    def _beside(self, step: ForeignStep, made: Made, item: type[Any]) -> Output | None:
        """The output of a type of another part of the same step."""
        for other in self.made[step.id]:
            for port in other.protocol.outputs() if other.protocol and other is not made else ():
                if issubclass(port.item, item):
                    return Output(other.name, port.name)
        return None

    def _leads_back(self, step: ForeignStep, link: ForeignLink) -> bool:
        """Whether a link closes a circle: another program sends signals back along such."""
        front, seen = [link.step], set()
        while front:
            id_ = front.pop()
            if id_ == step.id:
                return True
            if id_ not in seen:
                seen.add(id_)
                source = self.foreign.step(id_)
                front += (
                    [one.step for links in source.links.values() for one in links] if source else []
                )
        return False

    def _that_can_be(self, step: ForeignStep) -> list[Made]:
        """Those of several parts that are fed; all of a step that is one."""
        made = self.made[step.id]
        if len(made) == 1:
            return made
        fed = []
        for one in made:
            assert one.protocol is not None
            lacking = [
                p.name for p in one.protocol.inputs() if not p.optional and p.name not in one.inputs
            ]
            if self._is_idle(one, made):
                self.names.discard(one.name)
            elif lacking:
                self.names.discard(one.name)
                self.remarks[step.id].append(
                    f"no {one.protocol.name}: nothing gives it {lacking[0]}"
                )
            else:
                fed.append(one)
        return fed or made[:1]

    def _is_idle(self, one: Made, parts: list[Made]) -> bool:
        """Whether a part is there to feed another, which is fed by what lies before it already."""
        given = [port.item for port in one.protocol.outputs()] if one.protocol else []
        others = [other for other in parts if other is not one and other.protocol]
        wanted = any(
            issubclass(item, port.item)
            for other in others
            if other.protocol
            for port in other.protocol.inputs()
            for item in given
        )
        feeds = any(
            output.step == one.name
            for other in others
            for outputs in other.inputs.values()
            for output in outputs
        )
        return wanted and not feeds

    # What comes of it

    def _step(self, step: ForeignStep, made: Made) -> Step:
        if made.protocol is None:
            # Links and what every step has stay in the origin; the rest is to be looked at.
            links = {key for key in step.links if key in made.inputs}
            own = {k: v for k, v in step.raw.items() if k not in links and k not in ENVELOPE}
            rest = {k: v for k, v in step.raw.items() if k not in own}
            kind = f"{self.foreign.program}:{step.kind}"
            origin = Origin(program=self.foreign.program, kind=step.kind, id=step.id, values=rest)
            return Step(
                name=made.name, protocol=kind, parameters=own, inputs=made.inputs, origin=origin
            )
        origin = Origin(
            program=self.foreign.program, kind=step.kind, id=step.id, values=dict(step.raw)
        )
        return Step(
            name=made.name,
            protocol=made.protocol.name,
            parameters=made.parameters,
            inputs=made.inputs,
            origin=origin,
        )

    def _mapped(self, step: ForeignStep, values: list[MappedValue]) -> Mapped:
        made = self.made[step.id]
        remarks = list(self.remarks[step.id])
        if made[0].protocol is None:
            return Mapped(
                id=step.id, kind=step.kind, label=step.label, steps=(made[0].name,),
                protocols=(f"{self.foreign.program}:{step.kind}",), verdict="not",
            )  # fmt: skip
        other = [
            one.protocol.title for one in made if one.row and not one.row.same and one.protocol
        ]
        if other:
            remarks.insert(0, f"another algorithm for the same purpose: {', '.join(other)}")
        same = (
            not other
            and not any(value.remark or not value.ours for value in values)
            and not remarks
        )
        return Mapped(
            id=step.id,
            kind=step.kind,
            label=step.label,
            steps=tuple(one.name for one in made),
            protocols=tuple(one.protocol.name for one in made if one.protocol),
            verdict="exactly" if same else "approximately",
            values=tuple(values),
            remarks=tuple(remarks),
        )


def rows_of(program: str, registry: Registry, prefer: Prefer) -> dict[str, list[Row]]:
    """Counterparts by what the program calls them, in the order of preference."""
    found: dict[str, list[tuple[int, Row]]] = {}
    for protocol in registry.usable(registry.names()):
        own = TABLE.get(protocol.name, ())
        for counterpart in (*own, *protocol.elsewhere):
            if counterpart.program != program:
                continue
            ours = protocol.name in TABLE
            rank = (not ours) if prefer == "own" else (not counterpart.same)
            for kind in counterpart.kinds:
                found.setdefault(kind, []).append((int(rank), (protocol, counterpart)))
    return {
        kind: [row for _, row in sorted(rows, key=lambda ranked: ranked[0])]
        for kind, rows in found.items()
    }


def _placeholder_name(step: ForeignStep) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", step.kind).lower()
    plain_words = re.sub(r"[^a-z0-9]+", "_", words)
    short = "_".join(word for word in plain_words.split("_") if word not in ("prot", "")) or "step"
    return short[:36] if short[0].isalpha() else f"step_{short}"[:36]
