"""What is wrong with a facility's configuration: all of it, at once."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from icestream.alike import meant
from icestream.engine.graph.workflow import InvalidWorkflow
from icestream.facility.backup.flaws import backup_flaws
from icestream.facility.begin.begin import workflow_named
from icestream.facility.bookings.duty import bookings_flaws
from icestream.facility.file import (
    FacilityFile,
    FacilityFileError,
    LoadedFacility,
    load_facility,
)
from icestream.facility.handover.flaws import handover_flaws
from icestream.facility.keep.doing import keep_flaws
from icestream.facility.kinds import Flaw, worst_first
from icestream.facility.memory.flaws import memory_flaws
from icestream.facility.messages.check import messages_flaws
from icestream.facility.money.flaws import money_flaws
from icestream.facility.projects.duty import projects_flaws
from icestream.facility.registry.open import BadRegistry, open_registry
from icestream.facility.sinks import check as sinks
from icestream.facility.transfer.flaws import transfer_flaws
from icestream.settings import Settings
from icestream.store.migrate import OtherSchema

__all__ = ["check_facility"]


def check_facility(path: Path | None, settings: Settings) -> tuple[list[Flaw], str]:
    """All that is wrong with the facility file and with what it names, and where the file is.

    Folders are looked at, and services are asked; nothing is changed but for the registry, which
    is made where there is none.
    """
    try:
        known = load_facility(path)
    except FacilityFileError as error:
        return list(error.flaws), str(error.path)
    found = [one for ask in _ASKED for one in ask(known, settings)]
    return worst_first(found), str(known.path)


def _own(known: LoadedFacility, settings: Settings) -> Iterator[Flaw]:
    own = known.file.facility
    for name in own.staff:
        if name not in settings.channels:
            hint = meant(name, settings.channels) or (
                f"there are {', '.join(settings.channels)}" if settings.channels else "it has none"
            )
            what = f"the settings have no channel {name!r}; {hint}"
            yield Flaw("facility.staff", what)
    if not own.staff:
        what = "nobody is told when something fails: name channels of the settings"
        yield Flaw("facility.staff", what, stops=False)
    yield from _folder("facility.sessions", own.sessions, written=True)


def _registry(known: LoadedFacility, _: Settings) -> Iterator[Flaw]:
    try:
        open_registry(known.file.registry_place()).close()
    except (BadRegistry, OtherSchema) as error:
        yield Flaw("facility.registry", str(error))


def _microscopes(known: LoadedFacility, settings: Settings) -> Iterator[Flaw]:
    file: FacilityFile = known.file
    if not file.microscopes:
        yield Flaw("microscopes", "there is none: write a table such as [microscopes.krios1]")
    for name, one in file.microscopes.items():
        where = f"microscopes.{name}"
        if one.movies is None:
            what = "it is not said where its movies are: each session will have to be told"
            yield Flaw(f"{where}.movies", what, stops=False)
        else:
            yield from _folder(f"{where}.movies", one.movies, written=False)
        try:
            workflow_named(one.workflow, settings.state)
        except (LookupError, InvalidWorkflow, OSError, ValueError) as error:
            yield Flaw(f"{where}.workflow", str(error))
        if name not in settings.microscopes:
            what = (
                f"the settings have no preset {name}: voltage and Cs come from metadata, or are "
                f"assumed (icestream settings set microscopes.{name}.voltage=300 …)"
            )
            yield Flaw(where, what, stops=False)


def _folder(where: str, folder: Path, *, written: bool) -> Iterator[Flaw]:
    """What is wrong with a folder that has to be there."""
    if not folder.is_dir():
        reason = "is no folder" if folder.exists() else "is not there: make it, or mount its disk"
        yield Flaw(where, f"{folder} {reason}")
    elif not os.access(folder, os.R_OK | os.X_OK | (os.W_OK if written else 0)):
        how = "written" if written else "read"
        yield Flaw(where, f"{folder} cannot be {how} by the user who runs icestream")


_ASKED: tuple[Callable[[LoadedFacility, Settings], Iterator[Flaw]], ...] = (
    _own,
    _registry,
    _microscopes,
    lambda known, _: bookings_flaws(known.file),
    lambda known, _: projects_flaws(known.file),
    sinks.problems,
    keep_flaws,
    memory_flaws,
    lambda known, _: money_flaws(known.file),
    transfer_flaws,
    backup_flaws,
    handover_flaws,
    messages_flaws,
)
"""One for each part of the facility."""
