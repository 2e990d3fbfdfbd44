"""What the sheet says of a session, gathered from its store as plain values."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from icestream.engine.machine.lock import as_it_is
from icestream.exports.chain import Items, find_chain, latest_classes, read_exposures
from icestream.exports.sheet.acquisition import Row, acquisition_rows, taken, time_span
from icestream.exports.sheet.distribution import Distribution, distribution
from icestream.exports.sheet.methods import methods, references
from icestream.exports.sheet.settings import setting_rows
from icestream.model import QUALITIES, Classes, Volume, qualities_of
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store.current import FIRST_BRANCH
from icestream.store.history import decided_words, history
from icestream.store.newest import newest_map
from icestream.store.open import Store
from icestream.store.records import AlertRecord
from icestream.store.requests import requests
from icestream.store.severity import worst_first
from icestream.store.standing import reruns, told_state

__all__ = ["Sheet", "gather"]

_SHOWN = (
    "ctf.resolution",
    "ctf.defocus",
    "ctf.astigmatism",
    "motion.total",
    "ctf.ice_ring",
    "picks.count",
)
"""Qualities whose histograms are on the sheet."""
_MOST = 12
"""Decisions and alerts that are listed; of more it is said how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """All that is on the sheet but pictures."""

    title: str
    when: str
    """When data were taken, whether more may come, and the branch where it is not ``main``."""
    acquisition: tuple[Row, ...]
    results: tuple[Row, ...]
    distributions: tuple[Distribution, ...]
    typical: Items | None
    """The exposure whose CTF fit resolution is the median."""
    classes: Classes | None
    map: Volume | None
    decisions: tuple[str, ...]
    alerts: tuple[str, ...]
    methods: tuple[str, ...]
    references: tuple[str, ...]


def gather(store: Store, registry: Registry) -> Sheet:
    """Read a session: every exposure once, in order of arrival."""
    again = reruns(store)
    session = as_it_is(queries.session(store), store.folder)
    chain = find_chain(store, registry, again.standing)
    exposures = list(read_exposures(store, chain))
    kept = [one for one in exposures if one.accepted and one.exposure.state != "failed"]
    movies = [items.movie for items in exposures if items.movie is not None]
    classes = latest_classes(store, chain)
    volume = newest_map(store, again.standing)
    workflow = queries.workflow(store, branch=again.standing)
    acquisition = (*acquisition_rows(movies), *setting_rows(movies))
    results = tuple(_results(store, exposures, kept, classes, volume))
    when = time_span(movies) or f"processed from {_clock(session.created)} on"
    state, reason = told_state(
        session.state, session.reason, again, len(requests(store, state="new"))
    )
    branch = f" · branch {session.branch}" if session.branch not in ("", FIRST_BRANCH) else ""
    return Sheet(
        title=session.name,
        when=f"{when} · session {state}{f': {reason}' if reason else ''}{branch}",
        acquisition=acquisition,
        results=results,
        distributions=tuple(_distributions(exposures)),
        typical=_typical(kept),
        classes=classes,
        map=volume if volume is not None and volume.map is not None else None,
        decisions=_decisions(store),
        alerts=_alerts(store),
        methods=methods(workflow, registry, taken(movies), _kept(exposures, kept, volume)),
        references=references(workflow, registry),
    )


def _results(
    store: Store,
    exposures: Sequence[Items],
    kept: Sequence[Items],
    classes: Classes | None,
    volume: Volume | None,
) -> Iterator[Row]:
    counts = queries.count_exposures(store)
    yield "Exposures found", f"{sum(counts.values()):,}"
    yield "Processed", f"{counts['done'] + counts['rejected']:,}"
    yield "Accepted", f"{counts['done']:,}"
    yield "Rejected", _with_reasons(counts["rejected"], exposures, "rejected")
    yield "Failed", _with_reasons(counts["failed"], exposures, "failed")
    if counts["going"]:
        yield "In progress", f"{counts['going']:,}"
    picked = sum(len(items.picks) for items in kept if items.picks is not None)
    cut = sum(len(items.particles) for items in kept if items.particles is not None)
    if picked:
        yield "Particles picked", f"{picked:,}"
    if cut:
        yield "Particles extracted", f"{cut:,}"
    if classes is not None:
        yield "Particles classified", f"{classes.particles:,}"
        if classes.selected is not None:
            chosen = float((classes.counts * classes.selected).sum())
            share = f" in {int(classes.selected.sum())} classes" if chosen else ""
            yield "Particles in chosen classes", f"{chosen:,.0f}{share}"
    if volume is not None and volume.map is not None:
        missing = f" of {volume.wanted:,}, preliminary" if volume.preliminary else ""
        yield "Particles in the map", f"{volume.particles:,}{missing}"
        yield "Resolution of the map (0.143)", volume.reached
        yield "Symmetry of the map", volume.symmetry
    elif volume is not None and volume.note:
        yield "Map", f"none: {volume.note}"


def _with_reasons(count: int, exposures: Sequence[Items], state: str) -> str:
    """A count, and the most frequent kinds of reasons."""
    reasons = Counter(
        _kind(reason)
        for items in exposures
        if items.exposure.state == state
        for reason in items.exposure.reasons
    ).most_common(3)
    told = ", ".join(f"{reason} {times}" for reason, times in reasons if reason)
    return f"{count:,} ({told})" if told else f"{count:,}"


def _kind(reason: str) -> str:
    """A reason without the step that gave it, up to its first number."""
    words = reason.partition(": ")[2].split() or reason.split()
    end = next((i for i, word in enumerate(words) if any(c.isdigit() for c in word)), len(words))
    return " ".join(words[:end]).rstrip(":;,")


def _distributions(exposures: Sequence[Items]) -> Iterator[Distribution]:
    values: dict[str, list[float]] = {name: [] for name in _SHOWN}
    for items in exposures:
        for item in (items.micrograph, items.ctf, items.picks):
            if item is not None:
                for name, value in qualities_of(item).items():
                    if name in values:
                        values[name].append(value * QUALITIES[name].scale)
    for name, found in values.items():
        made = distribution(QUALITIES[name].title, QUALITIES[name].shown_unit, found)
        if made is not None:
            yield made


def _typical(kept: Sequence[Items]) -> Items | None:
    """The exposure in the middle by CTF fit resolution, of those that have a picture."""
    shown = [
        (items.ctf.resolution, index)
        for index, items in enumerate(kept)
        if items.ctf is not None and items.micrograph is not None and items.micrograph.thumbnail
    ]
    return kept[sorted(shown)[len(shown) // 2][1]] if shown else None


def _decisions(store: Store) -> tuple[str, ...]:
    records = [record for record in history(store) if not record.by_session]
    told = [
        f"{_clock(one.time)} {one.who}: {decided_words(one)}{f' ({one.why})' if one.why else ''}"
        for one in records[-_MOST:]
    ]
    return _with_rest(told, len(records))


def _alerts(store: Store) -> tuple[str, ...]:
    records = worst_first(queries.alerts(store, open_only=False))
    told = [
        f"{_clock(one.since)} {one.level}: {one.message}{_over(one)}" for one in records[:_MOST]
    ]
    return _with_rest(told, len(records))


def _over(alert: AlertRecord) -> str:
    return "" if alert.until is None else f" (over since {_clock(alert.until)})"


def _clock(time: float) -> str:
    """As the clock of this machine showed it."""
    return f"{datetime.fromtimestamp(time):%Y-%m-%d %H:%M}"


def _with_rest(told: Sequence[str], total: int) -> tuple[str, ...]:
    rest = total - len(told)
    return (*told, f"... and {rest} more in the report") if rest > 0 else tuple(told)


def _kept(exposures: Sequence[Items], kept: Sequence[Items], volume: Volume | None) -> str:
    """What came of them, in a sentence or two."""
    fits = [items.ctf for items in kept if items.ctf is not None]
    if not fits:
        return ""
    defoci = [ctf.defocus * 1e-4 for ctf in fits]
    sentence = (
        f"{len(fits):,} of {len(exposures):,} micrographs were kept, with a median CTF fit "
        f"resolution of {median(ctf.resolution for ctf in fits):.1f} Å and defoci of "
        f"{min(defoci):.2f} to {max(defoci):.2f} µm."
    )
    if volume is None or volume.map is None:
        return sentence
    return (
        f"{sentence} The first map, of {volume.particles:,} particles with {volume.symmetry} "
        f"symmetry, reached {volume.reached} (Fourier shell correlation of the halves 0.143)."
    )
