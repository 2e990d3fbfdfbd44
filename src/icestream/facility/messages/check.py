"""What is wrong with the section of messages, and with what it names."""

import os
from collections.abc import Iterator
from pathlib import Path

from icestream.engine.graph.workflow import InvalidWorkflow, load_workflow
from icestream.facility.file import LoadedFacility
from icestream.facility.kinds import Flaw
from icestream.facility.messages.kinds import BrokerSection, MessagesSection
from icestream.settings import Settings
from icestream.store.places import is_network

__all__ = ["messages_flaws"]


def messages_flaws(known: LoadedFacility, _: Settings) -> Iterator[Flaw]:
    """All of it: folders are looked at, and the broker is asked for a connection."""
    section = known.file.messages
    if section is None:
        return
    if section.folder is None and section.broker is None:
        what = "there is neither a folder nor a broker, so nothing can be asked: name one of them"
        yield Flaw("messages", what)
    if section.folder is not None:
        yield from _folder(section.folder)
    if section.ledger is not None and is_network(section.ledger.parent):
        what = f"{section.ledger} is on a network file system: name a place on a local disk"
        yield Flaw("messages.ledger", what)
    yield from _workflows(section)
    if section.broker is not None:
        yield from _broker(section.broker)


def _folder(folder: Path) -> Iterator[Flaw]:
    there = next((one for one in (folder, *folder.parents) if one.exists()), None)
    if there is None or not there.is_dir():
        yield Flaw("messages.folder", f"{folder} cannot be made: {there} is no folder")
    elif not os.access(there, os.R_OK | os.W_OK | os.X_OK):
        what = f"{there} cannot be written by the user who runs icestream, so files stay there"
        yield Flaw("messages.folder", what)
    elif folder.exists() and folder.stat().st_mode & 0o002:
        what = f"everybody may write into {folder}, and so start sessions: chmod o-w"
        yield Flaw("messages.folder", what, stops=False)


def _workflows(section: MessagesSection) -> Iterator[Flaw]:
    if section.workflows is not None and not section.workflows.is_dir():
        yield Flaw("messages.workflows", f"{section.workflows} is no folder: make it")
    for recipe, name in ({} if section.zocalo is None else section.zocalo.recipes).items():
        own = None if section.workflows is None else section.workflows / f"{name}.json"
        try:
            load_workflow(own if own is not None and own.is_file() else name)
        except (LookupError, InvalidWorkflow, OSError, ValueError) as error:
            yield Flaw(f"messages.zocalo.recipes.{recipe}", str(error))
    for folder in section.within:
        if not folder.is_dir():
            yield Flaw("messages.within", f"{folder} is not there: make it, or mount its disk")


def _broker(section: BrokerSection) -> Iterator[Flaw]:
    # Loaded only where there is a broker.
    from icestream.facility.messages.broker import BrokerAway, BrokerLink

    if not section.tls and any(host not in ("localhost", "127.0.0.1", "::1")
                               for host, _ in section.places) and section.password:  # fmt: skip
        what = "the password goes over the network as it is: set tls = true"
        yield Flaw("messages.broker.tls", what, stops=False)
    link = BrokerLink(section, ())
    try:
        link.open()
    except BrokerAway as error:
        yield Flaw("messages.broker", f"no connection: {error}")
    finally:
        link.close()
