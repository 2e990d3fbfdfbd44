"""How the members of a consensus agree: who was outvoted how often, and what pickers share."""

import time
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from icestream.model import column
from icestream.report.follow import Follower
from icestream.report.trends import rounded
from icestream.store import queries
from icestream.store.records import ResultRecord, StepRecord

__all__ = ["Agreements"]

_PAGE = 500
_RECENT = 100
"""Exposures that *lately* means."""
_QUALITIES = {
    "resolution": "ctf.agreement",
    "distance": "motion.agreement",
    "shared": "picks.agreement",
}
"""By what an agreement has, the quality that says how far it goes."""


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

    def document(self, step: StepRecord, titles: Mapping[str, str]) -> dict[str, Any]:
        """For the page."""
        return {
            "step": step.name,
            "title": titles.get(step.name, step.name),
            "quality": _QUALITIES.get(self.kind, ""),
            "exposures": len(self.shared) or len(self.votes),
            "members": [
                {
                    "step": name,
                    "title": titles.get(name, name),
                    "told": count,
                    "outvoted": self.outvoted[name],
                    "lately": sum(vote.get(name, False) for vote in self.recent),
                    "of": sum(name in vote for vote in self.recent),
                }
                for name, count in sorted(self.told.items())
                if count
            ],
            "pickers": self._matrix(titles),
        }

    def _matrix(self, titles: Mapping[str, str]) -> dict[str, Any] | None:
        """Particles of each picker, and for each two the part that both have found."""
        if self.sum is None:
            return None
        each = np.diag(self.sum)
        either = each[:, None] + each[None, :] - self.sum
        with np.errstate(invalid="ignore", divide="ignore"):
            jaccard = np.where(either > 0, self.sum / either, np.nan)
        return {
            "steps": list(self.pickers),
            "titles": [titles.get(name, name) for name in self.pickers],
            "found": [int(count) for count in each],
            "shared": [[int(count) for count in row] for row in self.sum],
            "jaccard": [[rounded(float(value), 3) for value in row] for row in jaccard],
        }


class Agreements:
    """Reads what the consensus steps of a session said, each result once."""

    def __init__(self) -> None:
        self._steps: dict[str, _Consensus] = {}

    def update(
        self, follower: Follower, titles: Mapping[str, str], patience: float = 1.0
    ) -> list[dict[str, Any]] | None:
        """What each consensus step says, for the page; None when there is nothing new.

        Parameters
        ----------
        follower
            What is known of the session.
        titles
            Of the steps.
        patience
            Seconds after which the rest is left for the next time.
        """
        deadline, changed = time.monotonic() + patience, False
        steps = [step for step in follower.workflow.steps if step.kind == "consensus"]
        for step in steps:
            kept = self._steps.setdefault(step.name, _Consensus())
            branch = follower.branch_of(step)
            while time.monotonic() < deadline:
                page = queries.results(
                    follower.store, step.name, after=kept.serial, limit=_PAGE, branch=branch
                )
                for record in page:
                    kept.serial = record.serial
                    changed |= _take(kept, record)
                if len(page) < _PAGE:
                    break
        if not changed:
            return None
        return [
            self._steps[step.name].document(step, titles)
            for step in steps
            if self._steps[step.name].kind
        ]


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
