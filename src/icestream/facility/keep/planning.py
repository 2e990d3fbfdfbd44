"""What would be removed of a session now, file by file, and what stays and why."""

import stat
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from icestream.facility.keep.busy import ended_at, under_way
from icestream.facility.keep.copies import BackupCopies, KnownCopies
from icestream.facility.keep.inside import Inside
from icestream.facility.keep.inventory import ClassedFile, look
from icestream.facility.keep.kinds import CLASSES, Keep, KeepRule
from icestream.facility.keep.known import KnownFiles, Layout, known_files
from icestream.facility.keep.manifest import ManifestLine
from icestream.facility.keep.rules import (
    READ,
    Copy,
    Decision,
    FileFacts,
    SessionFacts,
    decide,
    hindrance,
)
from icestream.facility.opened import Facility
from icestream.facility.registry import holds as hold_rows
from icestream.facility.registry import removals as removal_rows
from icestream.facility.registry.records import KnownSession
from icestream.store.content import content_hash
from icestream.store.open import FILE

__all__ = ["RemovalPlan", "decisions", "facts_of", "layout_of", "left_words", "plan_removal"]

_STORE = (FILE, f"{FILE}-wal", f"{FILE}-shm")


@dataclass(slots=True)
class RemovalPlan:
    """Files of one class of a session that would be removed now."""

    session: KnownSession
    layout: Layout
    decision: Decision
    lines: list[ManifestLine] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    """Files of the class that stay, and why."""

    @property
    def bytes(self) -> int:
        """What is in the files."""
        return sum(one.size for one in self.lines)

    def reasons(self) -> Mapping[str, int]:
        """Why files stay, and how many of them."""
        return Counter(why for _, why in self.left)


def layout_of(facility: Facility, session: KnownSession) -> Layout | None:
    """Where the parts of a session are; None where its folder is not in its place."""
    return Layout.of(session, facility.file.tree.raw)


def facts_of(
    facility: Facility, session: KnownSession, layout: Layout, now: float | None = None
) -> SessionFacts:
    """What is known of a session when it is decided."""
    with facility.registry.read() as connection:
        held = hold_rows.holds(connection, session.id)
        told = removal_rows.notices(connection, session.id)
    return SessionFacts(
        project=session.project,
        team=session.team,
        ended=ended_at(session, layout.folder),
        holds=held,
        busy=under_way(session, layout),
        notices=told,
        now=time.time() if now is None else now,
    )


def decisions(keep: Keep, facts: SessionFacts) -> tuple[Decision, ...]:
    """What becomes of each class of a session's data."""
    return tuple(decide(keep, kind, facts) for kind in CLASSES)


def plan_removal(
    session: KnownSession,
    layout: Layout,
    decision: Decision,
    copies: KnownCopies | None = None,
    *,
    compare: bool = True,
) -> RemovalPlan:
    """Which files of a class go now.

    Parameters
    ----------
    session, layout
        Whose, and where.
    decision
        What becomes of the class.
    copies
        Whoever has copies; the backups by default.
    compare
        Whether files whose times do not tell are read. Who only shows what would go takes them for
        unchanged: a name more, as of what is handed over, changes the inode of each.
    """
    plan = RemovalPlan(session, layout, decision)
    rule = decision.rule
    if decision.state != "due" or rule is None:
        return plan
    known = known_files(layout)
    found = list(look(layout, known))
    if decision.kind == "project" and (waits := _before_project(found, layout)):
        plan.left = [(one.path, waits) for one in found if one.kind == "project"]
        return plan
    verified = (copies or BackupCopies()).of(layout) if rule.needs != "nothing" else {}
    with Inside(layout.place) as inside:
        for one in found:
            if one.kind == decision.kind:
                _sort(plan, one, rule, _Means(inside, known, verified, compare))
    return plan


@dataclass(frozen=True, slots=True)
class _Means:
    inside: Inside
    known: KnownFiles
    verified: Mapping[str, Sequence[Copy]]
    compare: bool

    def copies(self, layout: Layout, path: str) -> tuple[Sequence[Copy], str]:
        """Copies of a file, and its name in the session where it is its store."""
        own = layout.in_session(path)
        if own in _STORE:
            store = f"{layout.processing}/{FILE}" if layout.processing else FILE
            return self.verified.get(store, ()), own
        return self.verified.get(path, ()), ""


def _sort(plan: RemovalPlan, one: ClassedFile, rule: KeepRule, means: _Means) -> None:
    copies, store = means.copies(plan.layout, one.path)
    facts = FileFacts(
        kind=one.kind,
        size=one.status.st_size,
        # What SQLite shares between processes says nothing of what is stored.
        modified=0 if store.endswith("-shm") else one.status.st_mtime_ns,
        changed=one.status.st_ctime,
        is_file=stat.S_ISREG(one.status.st_mode),
        is_store=bool(store),
    )
    why = hindrance(plan.decision.kind, rule, facts, copies)
    digest = means.known.digest(one.path)
    same = [copy for copy in copies if (copy.size, copy.modified) == (facts.size, facts.modified)]
    if why == READ and not means.compare:
        why = ""
    elif why == READ:
        digest, why = _compared(means.inside, one, same)
        same = [copy for copy in same if copy.digest == digest]
    if why:
        plan.left.append((one.path, why))
        return
    plan.lines.append(_line(one, digest or next((c.digest for c in same), ""), same or copies))


def _compared(inside: Inside, one: ClassedFile, copies: Sequence[Copy]) -> tuple[str, str]:
    """What a file holds, and what is wrong with that: its inode changed after its copy was made."""
    try:
        with open(inside.open(one.path), "rb") as file:  # noqa: PTH123 - a descriptor
            digest = content_hash(file)
    except OSError as error:
        return "", f"it cannot be read: {error.strerror}"
    if any(copy.digest == digest for copy in copies):
        return digest, ""
    return digest, "it holds something else than its verified copy"


def _line(one: ClassedFile, digest: str, copies: Sequence[Copy]) -> ManifestLine:
    status = one.status
    where = (f"{copy.backup}{f' (disk {copy.volume})' if copy.volume else ''}" for copy in copies)
    return ManifestLine(
        path=one.path,
        size=status.st_size,
        modified=status.st_mtime_ns,
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
        inode=status.st_ino,
        links=status.st_nlink,
        digest=digest,
        copies=tuple(dict.fromkeys(where)),
    )


def _before_project(found: Sequence[ClassedFile], layout: Layout) -> str:
    """What else has to go first: without its store nobody knows of which class the rest is."""
    kinds = {"micrographs", "particles"}
    if not (layout.folder / ".facility" / "transfer.db").exists():
        kinds.add("raw")  # otherwise the ledger of the copy knows the movies
    rest = Counter(one.kind for one in found if one.kind in kinds)
    if not rest:
        return ""
    said = " and ".join(f"{count} files of {kind}" for kind, count in sorted(rest.items()))
    return f"{said} are still there, which nobody would know without the session's store"


def left_words(plan: RemovalPlan) -> Iterator[str]:
    """Why files stay, one line for each reason."""
    for why, count in sorted(plan.reasons().items(), key=lambda one: -one[1]):
        first = next(path for path, said in plan.left if said == why)
        more = "" if count == 1 else f" and {count - 1} more"
        yield f"{first}{more}: {why}"
