"""Plans of toy workflows that are in no store."""

from collections.abc import Mapping
from dataclasses import replace

from icestream.engine.graph.plan import Feed, Plan, PlannedStep
from icestream.model import RevisionId, StepId


def planned(bound: Mapping[str, PlannedStep]) -> Plan:
    """A plan of one branch. Steps are numbered 1, 2, ... by depth, revisions 11, 12, ..."""
    members = {name: RevisionId(10 + place) for place, name in enumerate(bound, 1)}
    steps = {
        members[name]: replace(
            step,
            id=members[name],
            step=StepId(place),
            feeds={
                port: tuple(Feed(members[source.step], source.port) for source in sources)
                for port, sources in step.inputs.items()
            },
            consumers=tuple(
                members[other.name]
                for other in bound.values()
                if any(one.step == name for sources in other.inputs.values() for one in sources)
            ),
        )
        for place, (name, step) in enumerate(bound.items(), 1)
    }
    return Plan("toy", steps, {"main": members})
