"""The small file that the page reads every few seconds: where the session stands."""

import re
import time
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from icestream.engine.requests.commands import mending_command, run_again
from icestream.model import QUALITIES, Taken, quality_of
from icestream.model.filling import FILLS, FREE, FULL_IN, LATEST, SOONEST
from icestream.report.clock import AcquisitionClock
from icestream.report.decisions import decisions_of
from icestream.report.follow import Follower
from icestream.report.limits import Limits, alert_words, document_of, step_words
from icestream.report.numbers import digits_of, number_text, with_unit
from icestream.report.rates import rates
from icestream.report.table import CHUNK
from icestream.report.trends import MEANINGS, in_page_order, is_count, rounded
from icestream.report.verdicts import RECENT, recent_values, verdicts
from icestream.store.extents import extent_words
from icestream.store.history import decided_words, last_set
from icestream.store.records import AlertRecord, HistoryRecord, SampleRecord, StepRecord
from icestream.store.severity import told_once
from icestream.store.standing import rerun_words

__all__ = ["SHORT", "is_finished", "live_document", "shown_decisions"]

_MOVIES = Taken("movie", "movies")
_FINISHED = ("done", "stopped")
SHORT = {
    "ctf.resolution": "CTF fit",
    "ctf.astigmatism": "Astigmatism",
    "ctf.defocus_error": "Defocus error",
    "ctf.score": "CTF score",
    "motion.total": "Motion",
    "motion.early": "Early motion",
    "micrograph.score": "Quality",
    "picks.count": "Picks",
    "particles.count": "Particles",
}
"""Titles of qualities for the heads of columns."""
_COLUMNS = 6
"""Qualities in the table of exposures."""
_SCALES = {"B": (1e-9, "GB"), "B/s": (1e-6, "MB/s")}
_ACRONYMS = {"cpu": "CPU", "gpu": "GPU", "gpus": "GPUs", "io": "I/O"}
_SAMPLES = {
    FILLS: "Disk fills by",
    FULL_IN: "Disk full in",
    "gain.dose": "Dose, as part of what the metadata say",
    "gain.residual": "Gain pattern left after correction",
    "picking.diameter": "Diameter of the particle",
    "picking.width": "Width of the particle",
}
_DECISIONS = 20
"""The last of the history that the page shows."""
_MOST_POINTS = 120
"""Points of a plot of the machine's load."""


def is_finished(follower: Follower) -> bool:
    """Whether the session has ended; it may go on one day."""
    return follower.session.state in _FINISHED


def shown_decisions(follower: Follower) -> Sequence[HistoryRecord]:
    """The history, without what was decided of other branches where one is followed."""
    if follower.beside is None:
        return follower.history
    return decisions_of(follower.history, follower.beside, follower.session.branch)


def live_document(
    follower: Follower,
    titles: Mapping[str, str],
    limits: Limits = MappingProxyType({}),
    taken: Taken = _MOVIES,
) -> dict[str, Any]:
    """Counts, rates, medians, steps, alerts and load; its size does not grow with the session.

    Parameters
    ----------
    follower
        What is known of the session.
    titles
        Title of each step.
    limits
        What is refused and what is warned of.
    taken
        What the session takes in.
    """
    table, workflow = follower.table, follower.workflow
    now = time.time()
    names = in_page_order(table.qualities)
    pending = table.counts["p"]
    told = rates(
        follower.store,
        follower.minutes,
        now,
        finished=is_finished(follower),
        many=taken.many,
        adopted=follower.beside is None,
    )
    alerts, clock = _shown_alerts(follower), AcquisitionClock.of(follower.table)
    holding = [alert for alert in alerts if alert.cleared is None]
    return {
        "written": round(now, 1),
        "session": _session(follower),
        "counts": {
            "found": len(table),
            "settled": len(table) - pending,
            "behind": pending,
            "pending": pending,
            "accepted": table.counts["a"],
            "rejected": table.counts["r"],
            "failed": table.counts["f"],
            "of_session": follower.found,
        },
        "called": {"one": taken.one, "many": taken.many},
        "verdicts": verdicts(follower, holding, told, taken),
        "rates": told,
        "headline": _headline(follower),
        "steps": [
            _step(step, titles, follower) | {"limits": step_words(step.name, limits)}
            for step in workflow.steps
        ],
        "again": _again(follower),
        "decisions": [
            _decision(record) for record in reversed(shown_decisions(follower)[-_DECISIONS:])
        ],
        "links": sorted({(link.source, link.step) for link in workflow.links}),
        "alerts": [
            _alert(alert, follower, clock) | {"note": alert_words(alert.key, alert.step, limits)}
            for alert in alerts
        ],
        "machine": [
            _load(name, list(follower.samples[name]))
            | {"note": told["disk"]["words"] if name == FREE and told["disk"] else ""}
            for name in sorted(follower.samples)
            if _is_drawn(name, follower.samples)
        ],
        "chunks": {"size": CHUNK, "counts": table.chunk_counts},
        "qualities": {name: _quality(follower, name, limits) for name in names},
        "order": names,
        "columns": names[:_COLUMNS],
    }


def _is_drawn(name: str, samples: Mapping[str, Sequence[SampleRecord]]) -> bool:
    """Whether a value of the machine has a plot in its part of the page."""
    if name in (SOONEST, LATEST) or name.startswith("pace."):  # told in words
        return False
    if name in (FILLS, FULL_IN):  # not told again when it is not in sight any more
        return samples[name][-1].time >= samples[FREE][-1].time
    return name.rpartition(".")[0] not in QUALITIES  # those have their own plots


def _quality(follower: Follower, name: str, limits: Limits) -> dict[str, Any]:
    """What the page says of a quality wherever it shows a value of it."""
    quality = quality_of(name)
    return {
        "title": quality.title,
        "short": SHORT.get(name, quality.title),
        "unit": quality.shown_unit,
        "whole": is_count(name),
        "digits": 0 if is_count(name) else _digits(follower, name),
        "meaning": MEANINGS.get(name, ""),
        "limits": document_of(name, limits.get(name, ())),
    }


def _digits(follower: Follower, name: str) -> int:
    """Digits after the point of a quality, in the unit of the page."""
    low, high = follower.table.qualities[name].range
    return digits_of((high - low) * quality_of(name).scale)


def _session(follower: Follower) -> dict[str, Any]:
    session, finished = follower.session, is_finished(follower)
    state, reason = follower.state
    branch = f", branch {follower.branch}" if follower.branch else ""
    if follower.record is not None and follower.record.state != "active":
        branch += f" ({follower.record.state})"
    return {
        "name": session.name,
        "workflow": follower.workflow.name + branch,
        "state": state,
        "reason": reason,
        "finished": finished,
        "started": session.created,
        "ended": session.changed if finished else None,
        "beside": follower.beside or "",
    }


def _again(follower: Follower) -> dict[str, Any] | None:
    """What waits to be run again or to be carried out, and how to have that done."""
    again, runs = follower.again, not is_finished(follower)
    if not (again or follower.asked) or (runs and not again):
        return None
    said = [rerun_words(again, runs=runs)] if again else []
    if follower.asked and not runs:
        many = "1 request waits" if follower.asked == 1 else f"{follower.asked} requests wait"
        said.append(f"{many} to be carried out")
    standing = again.standing
    return {
        "text": "; ".join(said),
        "until": None if standing is None else standing.until,
        "who": "" if standing is None else standing.who,
        "command": "" if runs else run_again(follower.store),
    }


def _decision(record: HistoryRecord) -> dict[str, Any]:
    return {
        "time": record.time,
        "who": record.who,
        "by_session": record.by_session,
        "what": decided_words(record),
        "why": record.why,
    }


def _step(step: StepRecord, titles: Mapping[str, str], follower: Follower) -> dict[str, Any]:
    """One step; it does not run when the session does not."""
    counts, session = step.counts, follower.session.state
    ours = follower.beside or follower.session.branch
    again = {each.step: each.waiting for each in follower.again.steps}
    decided = last_set(decisions_of(follower.history, ours, follower.session.branch)).get(step.name)
    waits = session == "done" and step.name in again
    idle = session != "running" and not waits and step.state in ("running", "waiting")
    return {
        "name": step.name,
        "title": titles.get(step.name, step.name),
        "kind": step.kind,
        "state": session if idle else step.state,
        "reason": step.reason,
        "again": again.get(step.name, 0),
        "set": None if decided is None else _decision(decided),
        "ready": counts.ready,
        "running": counts.running,
        "held": counts.held,
        "done": counts.done - counts.rejected,
        "rejected": counts.rejected,
        "failed": counts.failed,
        "skipped": counts.skipped,
        "seconds": rounded(counts.mean_seconds, 3) if counts.mean_seconds else None,
    }


def _headline(follower: Follower) -> list[dict[str, Any]]:
    """Recent medians of what matters most, and sums of what is counted."""
    qualities = follower.table.qualities
    tiles = []
    for name in ("ctf.resolution", "ctf.defocus", "motion.total"):
        histogram = qualities.get(name)
        if histogram is None or not histogram.filled:
            continue
        quality, digits = quality_of(name), min(2, _digits(follower, name))
        recent = recent_values(follower, name)
        whole = histogram.median() * quality.scale
        value = float(np.median(recent)) * quality.scale if recent else whole
        said = f"median of {len(recent)}" if len(recent) > 1 else "1 exposure"
        if histogram.filled > RECENT:
            said = f"last {RECENT}; all: {with_unit(whole, quality.shown_unit, digits)}"
        tiles.append(
            {
                "title": quality.title,
                "value": rounded(value),
                "text": number_text(value, digits),
                "unit": quality.shown_unit,
                "below": [said if recent else "median of all"],
            }
        )
    for name, title in (("particles.count", "Particles"), ("picks.count", "Picks")):
        histogram = qualities.get(name)
        if histogram is not None and histogram.filled:
            tiles.append(
                {
                    "title": title,
                    "value": round(histogram.kept_sum),
                    "text": f"{round(histogram.kept_sum):,}",
                    "unit": "",
                    "below": [f"{round(histogram.median())} per micrograph"],
                }
            )
            break
    return tiles


def _shown_alerts(follower: Follower) -> list[AlertRecord]:
    """Those that hold, the worst first, and then those that have passed, the newest first."""
    alerts = follower.alerts()
    holding = told_once(alert for alert in alerts if alert.cleared is None)
    return [*holding, *(alert for alert in alerts if alert.cleared is not None)]


def _alert(alert: AlertRecord, follower: Follower, clock: AcquisitionClock) -> dict[str, Any]:
    since, until = clock.span(alert)
    return {
        "level": alert.level,
        "message": alert.message,
        "step": alert.step,
        "exposure": alert.exposure,
        "order": follower.table.place_of(alert.exposure),
        "since": since,
        "until": until,
        "told": alert.raised,
        "extent": extent_words(alert.extent),
        "cause": alert.cause,
        "cleared": alert.cleared,
        "acknowledged": alert.acknowledged,
        "acknowledged_by": alert.acknowledged_by,
        "acknowledged_why": alert.acknowledged_why,
        "muted": alert.muted,
        "muted_by": alert.muted_by,
        "number": alert.id,
        "offer": alert.offer,
        "command": mending_command(follower.store, alert),
        "adopted": alert.adopted,
        "adopted_by": alert.adopted_by,
    }


def _load(name: str, series: Sequence[SampleRecord]) -> dict[str, Any]:
    """A measured value of the machine over the last hour."""
    newest = series[-1]
    scale, unit = _SCALES.get(newest.unit, (1.0, newest.unit))
    stride = max(1, len(series) // _MOST_POINTS)
    return {
        "name": name,
        "title": sample_title(name),
        "unit": unit,
        "now": rounded(newest.value * scale),
        "text": with_unit(newest.value * scale, unit, _load_digits(series, scale, unit)),
        "points": [
            [round(sample.time), rounded(sample.value * scale, 3)]
            for sample in series[(len(series) - 1) % stride :: stride]
        ],
    }


def _load_digits(series: Sequence[SampleRecord], scale: float, unit: str) -> int:
    most = max(abs(sample.value) for sample in series) * scale
    return 0 if unit == "%" else digits_of(most) if most < 1 else 1


def sample_title(name: str) -> str:
    """What a sample is called: ``machine.gpu0.memory`` is ``GPU 0 memory``."""
    if name in _SAMPLES:
        return _SAMPLES[name]
    plain = re.sub(r"(?<=[a-z])(?=[0-9])", " ", name.split(".", 1)[-1])
    words = plain.replace(".", " ").replace("_", " ").split()
    text = " ".join(_ACRONYMS.get(word, word) for word in words)
    return text[:1].upper() + text[1:]
