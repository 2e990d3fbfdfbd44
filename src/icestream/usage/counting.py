"""Counting what a session used."""

import re
from collections.abc import Iterator

from icestream.engine.graph.workflow import Workflow, placeholder_of
from icestream.engine.record.workflows import session_workflow
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store.open import Store
from icestream.usage.statement import OTHER, SessionUse, UsedProtocol

__all__ = ["RELEASED", "chains_of", "count_session", "release_of"]

RELEASED = frozenset(
    {
        "icestream",
        *(
            f"icestream-{name}"
            for name in (
                "aspire", "cistem", "ctf", "motioncor", "pickers", "relion", "structure", "topaz",
                "xmipp",
            )
        ),
    }
)  # fmt: skip
"""Packages whose protocols are named: everybody can have them, so they tell of nobody."""

_RELEASE = re.compile(r"[0-9][0-9.]*((a|b|rc|\.dev|\.post)[0-9]+)?")


def chains_of(workflow: Workflow) -> frozenset[tuple[str, str]]:
    """Names of protocols of which the second takes what the first makes, each pair once.

    Placeholders, which no session runs, are passed over.
    """
    held = {step.name: step.protocol for step in workflow.steps if not placeholder_of(step)}
    return frozenset(
        (held[source.step], step.protocol)
        for step in workflow.steps
        if step.name in held
        for sources in step.inputs.values()
        for source in sources
        if source.step in held
    )


def count_session(store: Store, registry: Registry) -> SessionUse:
    """What is counted of a session: nothing in it tells of people, samples, places or parameters.

    Raises
    ------
    LookupError
        If the session has not been started.
    """
    workflow = session_workflow(store)
    named = {
        step.protocol: _used(step.protocol, registry)
        for step in workflow.steps
        if not placeholder_of(step)
    }
    chains = {(named[first].name, named[then].name) for first, then in chains_of(workflow)}
    return SessionUse(
        exposures=sum(queries.count_exposures(store).values()),
        protocols=tuple(sorted(set(named.values()))),
        chains=tuple(sorted(chains - {(OTHER, OTHER)})),
    )


def _used(name: str, registry: Registry) -> UsedProtocol:
    if name not in registry.names():
        return UsedProtocol(OTHER)
    plugin, _, version = registry.package(name).partition(" ")
    if plugin not in RELEASED:
        return UsedProtocol(OTHER)
    loaded: Iterator[int] = (one.version for one in registry.usable([name]))
    return UsedProtocol(name, next(loaded, 0), plugin, release_of(version))


def release_of(version: str) -> str:
    """The released part of a version: what follows a + is of one machine alone.

    >>> release_of("1.2.0+gpu.lab7"), release_of("unknown")
    ('1.2.0', '')
    """
    found = _RELEASE.match(version)
    return found[0] if found else ""
