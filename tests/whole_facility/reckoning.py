"""What there has to be in the end, compared: each function says all that is wrong, in sentences."""

import hashlib
import json
import os
import shlex
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import func, select, text

from icestream.store import tables as t
from icestream.store.open import open_store
from whole_facility.accidents import NAMED, Outages, told_staff
from whole_facility.beginning import of_visit
from whole_facility.parts import icestream, until
from whole_facility.watching import Heard
from whole_facility.world import Microscope, World

__all__ = ["CHECKS", "alerts", "everything", "finished", "messages", "restored"]

STEPS = ("import", "align", "ctf")


# -- the end ------------------------------------------------------------------------------------


def finished(world: World, seconds: float) -> None:
    """Wait until all is processed, delivered and backed up; sessions are ended then."""
    for one in world.microscopes:
        assert one.process is not None
        one.process.wait(seconds)
    until(lambda: all(_done(one) >= one.movies for one in world.microscopes),
          "not all movies are processed", seconds)  # fmt: skip
    for one in world.microscopes:
        until(lambda one=one: of_visit(world, one)[0].state == "running",
              f"{one.session} does not run", 300.0)  # fmt: skip
        world.command("session", "end", one.session, "--why", "all is done")
    until(lambda: all(of_visit(world, one)[0].ended for one in world.microscopes),
          "sessions do not end", 300.0)  # fmt: skip
    ended = time.time()
    until(lambda: _is_behind(world) == "", "the LIMS is behind", seconds)
    until(lambda: _least_whole(world) > ended, "the backups do not become whole", seconds)


def _done(one: Microscope) -> int:
    with closing(open_store(one.folder, readonly=True)) as store, store.read() as connection:
        going = select(func.count()).where(t.exposure.c.state != "going")
        return int(connection.execute(going).scalar_one())


def _is_behind(world: World) -> str:
    told = json.loads(world.command("facility", "sinks", "--json", status=(0, 1)))
    return "; ".join(str(one) for one in told if one.get("behind"))


def _least_whole(world: World) -> float:
    told = json.loads(world.command("facility", "backup", "--json"))
    return min((one["whole"] for one in told), default=0.0)


# -- what is compared ---------------------------------------------------------------------------


def stores(world: World) -> Iterator[str]:
    """Each movie that was written is one exposure, which each step has processed once."""
    for one in world.microscopes:
        wanted = {
            Path(told["movie"]).stem.removesuffix("_Fractions") for told in one.written(world)
        }
        with closing(open_store(one.folder, readonly=True)) as store, store.read() as connection:
            states = {row.name: row.state for row in connection.execute(
                select(t.subject.c.name, t.exposure.c.state)
                .join(t.subject, t.subject.c.id == t.exposure.c.id))}  # fmt: skip
            made = connection.execute(
                select(t.step.c.name, t.result.c.subject_id, func.count().label("many"))
                .join(t.step, t.step.c.id == t.result.c.step_id)
                .group_by(t.step.c.name, t.result.c.subject_id)).all()  # fmt: skip
            imported = connection.execute(
                select(t.result.c.document).join(t.step, t.step.c.id == t.result.c.step_id)
                .where(t.step.c.name == "import")).scalars()  # fmt: skip
            without = sum(not json.loads(told)["movie"].get("gain") for told in imported)
        yield from _compared(f"{one.session}: exposures", Counter(states.keys()), wanted)
        if without:
            yield f"{one.session}: {without} movies were taken without their gain reference"
        bad = Counter(state for state in states.values() if state != "done")
        if bad:
            yield f"{one.session}: {dict(bad)} of its exposures are not done"
        for step in STEPS:
            results = [row.many for row in made if row.name == step]
            if len(results) != len(wanted) or max(results, default=0) > 1:
                yield (f"{one.session}: {step} has results of {len(results)} exposures, "
                       f"{max(results, default=0)} at most of one")  # fmt: skip


def lims(world: World) -> Iterator[str]:
    """Each exposure has its rows in ISPyB once, below one collection of the right visit."""
    engine = world.lims.engine("ispyb")
    asked = text(
        "SELECT c.dataCollectionId AS number FROM BLSession s"
        " JOIN DataCollectionGroup g ON g.sessionId = s.sessionId"
        " JOIN DataCollection c ON c.dataCollectionGroupId = g.dataCollectionGroupId"
        " WHERE s.visit_number = :visit"
    )
    rows = text(
        "SELECT m.movieFullPath AS path, COUNT(DISTINCT m.movieId) AS movies,"
        " COUNT(DISTINCT k.motionCorrectionId) AS motions, COUNT(DISTINCT f.ctfId) AS fits"
        " FROM Movie m LEFT JOIN MotionCorrection k ON k.movieId = m.movieId"
        " LEFT JOIN CTF f ON f.motionCorrectionId = k.motionCorrectionId"
        " WHERE m.dataCollectionId = :number GROUP BY m.movieFullPath"
    )
    with engine.connect() as connection:
        for one in world.microscopes:
            visit = one.visit.rpartition("-")[2]
            numbers = [row.number for row in connection.execute(asked, {"visit": visit})]
            if len(numbers) != 1:
                yield f"{one.visit} has {len(numbers)} collections"
                continue
            found = connection.execute(rows, {"number": numbers[0]}).all()
            names = Counter(Path(row.path).name for row in found)
            wanted = {Path(told["movie"]).name for told in one.written(world)}
            yield from _compared(f"{one.visit}: movies in ISPyB", names, wanted)
            odd = [row for row in found if (row.movies, row.motions, row.fits) != (1, 1, 1)]
            if odd:
                yield f"{one.visit}: {len(odd)} movies have other than one row each: {odd[0]}"
        for table in ("AutoProcProgram", "ProcessingJob"):
            count = connection.execute(text(f"SELECT COUNT(*) FROM {table}")).scalar_one()
            if count != len(world.microscopes):
                yield f"{table} has {count} rows for {len(world.microscopes)} sessions"
    engine.dispose()


def messages(world: World, heard: Heard, asked: Iterable[str]) -> Iterator[str]:
    """Each exposure is told under one identity, and each request is answered once."""
    if heard.other:
        yield f"{len(heard.other)} messages came again with another content: {heard.other[:3]}"
    news = heard.of("results")
    for one in world.microscopes:
        own = [told for told in news if told["session"] == one.session]
        names = Counter(told["exposure"] for told in own if told["kind"] == "exposure")
        wanted = {
            Path(told["movie"]).stem.removesuffix("_Fractions") for told in one.written(world)
        }
        yield from _compared(f"{one.session}: exposures that were told", names, wanted)
        kinds = Counter(told["kind"] for told in own)
        if not kinds["began"] or not kinds["ended"]:
            yield f"{one.session}: it was not told that it began and ended: {dict(kinds)}"
    answers = Counter((told["request"], told["state"]) for told in heard.of("answers"))
    for request in asked:
        states = {state: count for (name, state), count in answers.items() if name == request}
        last = "began" if request.startswith("start") else "done"
        if states.get(last) != 1 or states.get("accepted", 1) != 1:
            yield f"the request {request} was answered {states}"
    if dead := heard.of("dead"):
        yield f"{len(dead)} requests were given up or refused: {dead[0]}"


def backups(world: World) -> Iterator[str]:
    """Each file of a session is in its backup as it is, and the store with the same rows."""
    for one in world.microscopes:
        (known,) = of_visit(world, one)
        there = world.usb.place / one.session
        movies = Path(known.place) / "raw" if one.copied else world.data(one)
        left = {"icestream.db", "icestream.db-wal", "icestream.db-shm", "coordinator.lock"}
        for part, root, skipped in (("movies", movies, set()), ("processing", one.folder, left)):
            yield from _same_files(f"{one.session}: {part}", root, there / part, skipped)
        yield from _same_rows(one.session, one.folder, there / "processing")


def _same_files(what: str, root: Path, there: Path, skipped: set[str]) -> Iterator[str]:
    names = [path.relative_to(root) for path in sorted(root.rglob("*"))
             if path.is_file() and path.name not in skipped and ".facility" not in path.parts
             and ".arriving" not in path.parts and "logs" not in path.parts]  # fmt: skip
    missing = [name for name in names if not (there / name).is_file()]
    if missing:
        yield f"{what}: {len(missing)} of {len(names)} files are not in the backup: {missing[0]}"
    left = [name for name in names if name not in set(missing)]
    with ThreadPoolExecutor(2) as pool:
        same = pool.map(lambda name: _digest(root / name) == _digest(there / name), left)
    other = [name for name, equal in zip(left, same, strict=True) if not equal]
    if other:
        yield f"{what}: {len(other)} files are otherwise in the backup: {other[0]}"


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").digest()


def _same_rows(session: str, folder: Path, there: Path) -> Iterator[str]:
    for table in ("exposure", "result", "task", "event"):
        found = []
        for one in (folder, there):
            with closing(sqlite3.connect(f"file:{one}/icestream.db?mode=ro", uri=True)) as opened:
                found.append(opened.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall())
        if found[0] != found[1]:
            yield f"{session}: {table} has {len(found[0])} rows, and {len(found[1])} in the backup"


def verified(world: World) -> Iterator[str]:
    """The backups are read again, and nothing is wrong with them."""
    world.duties.stop()  # one process at a time has a backup
    said = world.command("facility", "backup", "--verify", "--json", status=(0, 1))
    told = json.loads(said[said.index("[") :])
    for one in told:
        if one["wrong"] or not one["verified"]:
            yield f"the backup of {one['session']} is not verified: {one}"


def bytes_account(world: World) -> Iterator[str]:
    """The account of the disk has every byte, in a class that is known."""
    world.command("facility", "account", "--fresh")  # which writes down what it has seen
    told = json.loads(world.command("facility", "account", "--fresh", "--json"))
    for one in told["sessions"]:
        (known,) = [each for each in world.microscopes if each.session == one["session"]]
        here = one["here"]
        if one["problem"] or here["problem"] or here["unread"]:
            yield f"{known.session}: {one['problem'] or here['problem'] or here['unread']}"
        if here["unknown"]:
            yield f"{known.session}: nobody knows {here['unknown']}"
        summed = sum(tally["disk"] for tally in here["tallies"].values())
        place = Path(of_visit(world, known)[0].place)
        used = int(subprocess.check_output(["du", "-s", "-B1", place]).split()[0])
        if summed != used:
            yield f"{known.session}: {summed} bytes by class, and {used} by du"


def money(world: World) -> Iterator[str]:
    """Each booking is billed once, by two who issue at the same moment, and nothing is left."""
    from datetime import UTC, datetime, timedelta

    world.book(datetime.now(UTC) - timedelta(minutes=1), *world.microscopes)
    world.command("facility", "run", "bookings", "projects", "sessions", "--once")
    for number in range(1, len(world.microscopes) + 1):
        world.command("facility", "invoices", "payer", f"team{number}", "--price-class", "academic")
    issuing = [
        subprocess.Popen(
            icestream("facility", "invoices", "issue", "--all"), env=world.environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=world.folder,
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [one.communicate(timeout=300)[0] for one in issuing]
    shown = json.loads(world.command("facility", "invoices", "--json"))
    teams = Counter(str(row.get("team") or row.get("payer") or row) for row in shown)
    if len(shown) != len(world.microscopes) or max(teams.values(), default=0) > 1:
        yield f"{len(shown)} invoices for {len(world.microscopes)} bookings: {shown}; {said}"
    world.command("facility", "invoices", "verify")
    drafts = json.loads(world.command("facility", "invoices", "draft", "--json"))
    if drafts:
        yield f"something is due still: {drafts}"
    if left := json.loads(world.command("facility", "invoices", "--unbilled", "--json",
                                        status=(0, 1))):  # fmt: skip
        yield f"something is on no invoice: {left}"


def alerts(world: World, noted: Outages) -> Iterator[str]:
    """Staff were told of each outage by name, over each channel, and that it was over."""
    logged = told_staff(world)
    mails = [str(mail["subject"]) + "\n" + mail.get_content() for mail in world.post.mails]
    for what in noted.spans:
        name = NAMED[what]
        told = [one for one in logged if name in one["key"]]
        if not any(one["over"] is None for one in told):
            yield f"staff's log does not name {what}"
        if not any(one["over"] for one in told):
            yield f"staff's log does not say that {what} is back"
        words = "the registry " if what == "the registry" else f"{name} ("
        by_mail = [mail for mail in mails if words in " ".join(mail.split())]
        if not any("over: " not in mail for mail in by_mail):
            yield f"no mail names {what}"
        if not any("over: " in mail for mail in by_mail):
            yield f"no mail says that {what} is back"


def restored(world: World) -> Iterator[str]:
    """A session that comes back from its backup goes on: one more movie is one more exposure."""
    one = world.microscopes[0]
    place = world.folder / "elsewhere" / one.session
    said = world.command("facility", "restore", one.session, str(place), "--from", "usb")
    goes_on = shlex.split(said.rpartition("go on with: ")[2])
    folder = Path(goes_on[goes_on.index("--out") + 1])
    before = _results(folder)
    if len(before) != len(STEPS) * one.movies:
        yield f"the restored session has {len(before)} results, not {len(STEPS) * one.movies}"
    movies = sorted(place.rglob("*_Fractions.tiff"))
    running = subprocess.Popen(
        icestream(*goes_on[1:]), env=world.environment, cwd=world.folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        last = movies[-1]
        more = last.with_name(last.name.replace("FoilHole_", "FoilHole_9"))
        xml = last.with_name(last.name.replace("_Fractions.tiff", ".xml"))
        named = more.with_name(more.name.replace("_Fractions.tiff", ".xml"))
        named.write_bytes(xml.read_bytes())
        content = bytearray(last.read_bytes())
        content[-1] ^= 1
        more.write_bytes(content)
        until(lambda: len(_results(folder)) >= len(before) + len(STEPS),
              "the movie that was added is not processed", 300.0)  # fmt: skip
        time.sleep(3.0)
    finally:
        os.killpg(running.pid, signal.SIGINT)
        try:
            running.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
    after = _results(folder)
    if {key: after.get(key) for key in before} != before:
        yield "results of the restored session were made anew"
    if len(after) != len(before) + len(STEPS):
        yield f"one more movie made {len(after) - len(before)} results, not {len(STEPS)}"


def _results(folder: Path) -> dict[str, float]:
    with closing(open_store(folder, readonly=True)) as store, store.read() as connection:
        rows = connection.execute(select(t.result.c.key, t.result.c.started))
        return {row.key: row.started for row in rows}


def _compared(what: str, found: Counter[str], wanted: set[str]) -> Iterator[str]:
    lost, more = wanted - found.keys(), found.keys() - wanted
    twice = [name for name, count in found.items() if count > 1]
    for said, names in (("are not there", lost), ("nobody wrote", more), ("are twice", twice)):
        if names:
            yield f"{what}: {len(names)} {said} of {len(wanted)}, such as {min(names)}"


CHECKS: dict[str, Callable[[World], Iterator[str]]] = {
    "stores": stores, "LIMS": lims, "backups": backups, "backups read again": verified,
    "bytes": bytes_account, "money": money, "restored": restored,
}  # fmt: skip


def everything(
    world: World, heard: Heard, asked: Iterable[str], noted: Outages, say: Callable[[str], None]
) -> dict[str, list[str]]:
    """All that is wrong, by what was compared."""
    checks: dict[str, Callable[[World], Iterable[str]]] = {
        "messages": lambda world: messages(world, heard, asked),
        "alerts": lambda world: alerts(world, noted),
        **CHECKS,
    }
    with suppress(TimeoutError):  # the end of an outage is told when a duty's turn is over
        until(lambda: not list(alerts(world, noted)), "", 180.0)
    found = {}
    for name, check in checks.items():
        found[name] = list(check(world))
        say(f"{name}: {'; '.join(found[name]) or 'all is there, once'}")
    return found
