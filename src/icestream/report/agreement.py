"""How the members of a consensus agree: who was outvoted how often, and what pickers share."""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from icestream.model import column
from icestream.report.accuracy import Accuracy
from icestream.report.follow import Follower
from icestream.report.side_by_side import ComparedMembers, side_by_side
from icestream.report.trends import rounded
from icestream.store import queries
from icestream.store.records import ResultRecord, StepRecord

__all__ = ["Agreements", "MemberVotes", "SharedPicks", "StepAgreement"]

_PAGE = 500
_RECENT = 100
"""Exposures that *lately* means."""
_QUALITIES = {
    "resolution": "ctf.agreement",
    "distance": "motion.agreement",
    "shared": "picks.agreement",
}
"""By what an agreement has, the quality that says how far it goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberVotes:
    """How often a member of a consensus was outvoted."""

    step: str
    title: str
    told: int
    """Exposures of which it is known."""
    outvoted: int
    lately: int
    """Of the last hundred exposures, those of which it was outvoted."""
    of: int
    """Of the last hundred exposures, those of which it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPicks:
    """Particles of each picker, and for each two the part that both have found."""

    steps: tuple[str, ...]
    titles: tuple[str, ...]
    found: tuple[int, ...]
    shared: tuple[tuple[int, ...], ...]
    jaccard: tuple[tuple[float | None, ...], ...]
    """What both have found as a part of what either has; null for two that found nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAgreement:
    """What a consensus step says of those that it compares."""

    step: str
    title: str
    quality: str
    """Name of the quality that says how far they agree; empty before anything was said."""
    exposures: int
    """Of which something was said."""
    members: tuple[MemberVotes, ...]
    pickers: SharedPicks | None
    beside: ComparedMembers
    """What they cost, how often they failed, and how near the truth they come."""


class _Consensus:
    """What one step has said so far."""

    def __init__(self) -> None:
        self.serial = 0
        self.kind = ""
        self.votes: dict[str, dict[str, bool]] = {}
        """By exposure: whether each member was outvoted."""
        self.told: dict[str, int] = {}
        self.outvoted: dict[str, int] = {}
        self.recent: deque[dict[str, bool]] = deque(maxlen=_RECENT)
        self.pickers: tuple[str, ...] = ()
        self.shared: dict[str, np.ndarray[Any, Any]] = {}
        self.sum: np.ndarray[Any, Any] | None = None
        self.accuracy = Accuracy()

    def take(self, exposure: str, said: Mapping[str, Any]) -> None:
        """Take in what was said of an exposure, in the place of what was said before."""
        self.kind = next((each for each in _QUALITIES if each in said), self.kind)
        if "shared" in said:
            self._share(exposure, tuple(said["pickers"]), np.asarray(column(said["shared"])))
            return
        vote = {str(name): False for name in said.get("members", ())}
        vote |= {str(name): True for name in said.get("outvoted", ())}
        for name, lost in self.votes.get(exposure, {}).items():
            self.told[name] -= 1
            self.outvoted[name] -= lost
        for name, lost in vote.items():
            self.told[name] = self.told.get(name, 0) + 1
            self.outvoted[name] = self.outvoted.get(name, 0) + lost
        self.votes[exposure] = vote
        self.recent.append(vote)

    def _share(self, exposure: str, pickers: tuple[str, ...], shared: np.ndarray[Any, Any]) -> None:
        if pickers != self.pickers:  # the workflow was changed: others pick now
            self.pickers, self.shared, self.sum = pickers, {}, np.zeros(shared.shape)
        assert self.sum is not None
        self.sum = self.sum + shared - self.shared.get(exposure, 0.0)
        self.shared[exposure] = shared

    def members(self) -> tuple[str, ...]:
        """Steps of which anything was said."""
        return (*sorted(name for name, count in self.told.items() if count), *self.pickers)

    def told_of(
        self, step: StepRecord, titles: Mapping[str, str], beside: ComparedMembers
    ) -> StepAgreement:
        """For the page."""
        return StepAgreement(
            step=step.name,
            title=titles.get(step.name, step.name),
            quality=_QUALITIES.get(self.kind, ""),
            exposures=len(self.shared) or len(self.votes),
            members=tuple(
                MemberVotes(
                    step=name,
                    title=titles.get(name, name),
                    told=count,
                    outvoted=self.outvoted[name],
                    lately=sum(vote.get(name, False) for vote in self.recent),
                    of=sum(name in vote for vote in self.recent),
                )
                for name, count in sorted(self.told.items())
                if count
            ),
            pickers=self._matrix(titles),
            beside=beside,
        )

    def _matrix(self, titles: Mapping[str, str]) -> SharedPicks | None:
        if self.sum is None:
            return None
        each = np.diag(self.sum)
        either = each[:, None] + each[None, :] - self.sum
        with np.errstate(invalid="ignore", divide="ignore"):
            jaccard = np.where(either > 0, self.sum / either, np.nan)
        return SharedPicks(
            steps=self.pickers,
            titles=tuple(titles.get(name, name) for name in self.pickers),
            found=tuple(int(count) for count in each),
            shared=tuple(tuple(int(count) for count in row) for row in self.sum),
            jaccard=tuple(tuple(rounded(float(value), 3) for value in row) for row in jaccard),
        )


class Agreements:
    """Reads what the consensus steps of a session said, each result once."""

    def __init__(self) -> None:
        self._steps: dict[str, _Consensus] = {}
        self._told: list[StepAgreement] | None = None

    def update(
        self, follower: Follower, titles: Mapping[str, str], patience: float = 1.0
    ) -> list[StepAgreement] | None:
        """What each consensus step says, for the page; None when there is nothing new.

        One that compares a single step is left out, and so is one before anything was done.

        Parameters
        ----------
        follower
            What is known of the session.
        titles
            Of the steps.
        patience
            Seconds after which the rest is left for the next time.
        """
        deadline = time.monotonic() + patience
        steps = [step for step in follower.workflow.steps if step.kind == "consensus"]
        told = []
        for step in steps:
            kept = self._steps.setdefault(step.name, _Consensus())
            _read(kept, step, follower, deadline)
            beside = side_by_side(follower, step, kept.members(), titles)
            if len(beside.members) > 1 and (kept.kind or beside.begun):
                names = [one.step for one in (*beside.members, beside.itself)]
                judged = kept.accuracy.judge(follower, names, deadline)
                told.append(kept.told_of(step, titles, beside.with_truth(judged)))
        if told == (self._told or []):
            return None
        self._told = told
        return told


def _read(kept: _Consensus, step: StepRecord, follower: Follower, deadline: float) -> None:
    """Take in what a step said since the last time."""
    branch = follower.branch_of(step)
    while time.monotonic() < deadline:
        page = queries.results(
            follower.store, step.name, after=kept.serial, limit=_PAGE, branch=branch
        )
        for record in page:
            kept.serial = record.serial
            _take(kept, record)
        if len(page) < _PAGE:
            break


def _take(kept: _Consensus, record: ResultRecord) -> bool:
    """Whether the result says how its members agree; what cannot be understood says nothing."""
    for document in record.outputs.values():
        said = document.get("agreement")
        if isinstance(said, Mapping):
            try:
                kept.take(record.subject, said)
            except (KeyError, TypeError, ValueError):
                continue
            return True
    return False
