"""Steps that do the same, side by side: what each costs, how often it failed, how good it is."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from icestream.protocol.describe import value_words
from icestream.report.accuracy import ErrorsOfSteps, ErrorSpread
from icestream.report.follow import Follower
from icestream.report.trends import rounded
from icestream.store.records import StepRecord

__all__ = ["ComparedMember", "ComparedMembers", "side_by_side"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedMember:
    """A step that does the same as others."""

    step: str
    title: str
    protocol: str
    set: tuple[str, ...]
    """What is set otherwise than in others of the same protocol: ``resolution_max = 6``."""
    left: int
    """Tasks that are still to be done."""
    done: int
    failed: int
    skipped: int
    """Not done, since an earlier step failed or rejected the exposure."""
    cpu: float | None
    """Processor time of a task on average, with the programs that it runs, seconds; null where it
    was not measured."""
    seconds: float | None
    """Time of a task on average, as busy as the machine was; null before any ran."""
    memory: float | None
    """Most that a process of a task had at its peak, bytes; null where it is not known."""
    errors: tuple[ErrorSpread, ...] = ()
    """Over the exposures of which the truth is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedMembers:
    """The members of a consensus, and what it makes of them."""

    members: tuple[ComparedMember, ...]
    itself: ComparedMember
    """The consensus."""
    exposures: int = 0
    """Of which the truth is known and all members that made anything have a result."""
    looked_at: int = 0
    """Exposures of which that was asked: all, or some of a long session; 0: no truth is known."""

    @property
    def begun(self) -> bool:
        """Whether any member has done, or failed to do, anything."""
        return any(one.done or one.failed for one in self.members)

    def with_truth(self, judged: ErrorsOfSteps | None) -> "ComparedMembers":
        """The same with what the truth says, where it is known."""
        if judged is None:
            return self
        itself, *members = (
            replace(one, errors=judged.spreads.get(one.step, ()))
            for one in (self.itself, *self.members)
        )
        return replace(
            self,
            members=tuple(members),
            itself=itself,
            exposures=judged.exposures,
            looked_at=judged.looked_at,
        )


def side_by_side(
    follower: Follower, consensus: StepRecord, said: Sequence[str], titles: Mapping[str, str]
) -> ComparedMembers:
    """The steps that a consensus compares, by what has been counted of them.

    Parameters
    ----------
    follower
        What is known of the session.
    consensus
        The step that compares.
    said
        Steps of which it told something; those that feed it are members anyway.
    titles
        Of the steps.
    """
    steps = {step.name: step for step in follower.workflow.steps}
    feeding = [link.source for link in follower.workflow.links if link.step == consensus.name]
    names = [name for name in dict.fromkeys((*feeding, *said)) if name in steps]
    members = [steps[name] for name in names]
    alike = Counter(step.protocol for step in members)
    return ComparedMembers(
        members=tuple(
            _member(step, titles, _differing(step, members) if alike[step.protocol] > 1 else ())
            for step in members
        ),
        itself=_member(consensus, titles, ()),
    )


def _member(step: StepRecord, titles: Mapping[str, str], given: tuple[str, ...]) -> ComparedMember:
    counts = step.counts
    ran = counts.done > counts.reused
    return ComparedMember(
        step=step.name,
        title=titles.get(step.name, step.name),
        protocol=step.protocol,
        set=given,
        left=counts.ready + counts.running + counts.held,
        done=counts.done,
        failed=counts.failed,
        skipped=counts.skipped,
        cpu=None if counts.mean_cpu is None else rounded(counts.mean_cpu),
        seconds=rounded(counts.mean_seconds) if ran else None,
        memory=rounded(counts.memory) if counts.memory else None,
    )


def _differing(step: StepRecord, members: Sequence[StepRecord]) -> tuple[str, ...]:
    """Parameters that are not the same in all members of its protocol."""
    others = [one.parameters for one in members if one.protocol == step.protocol]
    names = [
        name
        for name in step.parameters
        if any(o.get(name) != step.parameters[name] for o in others)
    ]
    return tuple(f"{name} = {value_words(step.parameters[name])}" for name in names)
