"""What the facility file says of what is kept, and for how long."""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, ValidatorFunctionWrapHandler, WrapValidator, model_validator

from icestream.facility.kinds import Days, Hours, Section, Several

__all__ = ["CLASSES", "Data", "Keep", "KeepException", "KeepRule"]

Data = Literal["raw", "micrographs", "particles", "project", "report", "handover"]
"""A class of a session's data; what is of none of them is never removed."""

CLASSES: tuple[Data, ...] = get_args(Data)


def _or_never(given: Any, read: ValidatorFunctionWrapHandler) -> Any:
    return math.inf if given in ("never", math.inf) else read(given)


After = Annotated[Days, WrapValidator(_or_never)]
"""Days, or ``never`` (infinity)."""


class KeepRule(Section):
    """How long one class of data is kept."""

    after: After
    """When it is removed: so long after the session was last processed, written "21 d"; or
    "never"."""
    needs: Literal["verified-copy", "nothing"] = "verified-copy"
    """What has to be there before: for each file a copy in a backup that was read back and found
    right, or nothing."""
    warn: tuple[Days, ...] = (7.0, 1.0)
    """How long before people are told. Nothing goes before the last of these has passed since they
    were; where it is empty, nobody is told."""


class KeepException(Section):
    """Projects or teams for which a rule does not hold as it is."""

    project: Several = ()
    """Codes of projects."""
    team: Several = ()
    """Names of teams."""
    classes: tuple[Data, ...] = CLASSES
    """Of which data; all by default."""
    hold: bool = False
    """Nothing of it is removed."""
    after: After | None = None
    """When it is removed instead."""
    why: str = ""
    """What people read as the reason."""

    @model_validator(mode="after")
    def _check(self) -> "KeepException":
        if not self.project and not self.team:
            raise ValueError("say of which project or team")
        if self.hold == (self.after is not None):
            raise ValueError("write either hold = true, or after")
        return self


class Keep(Section):
    """What is kept, and for how long. A class without a rule is kept for ever."""

    raw: KeepRule | None = None
    """Movies that were copied, with the metadata beside them: [keep.raw]. What lies at the
    microscope is never touched."""
    micrographs: KeepRule | None = None
    """Aligned micrographs, and the spectra beside them."""
    particles: KeepRule | None = None
    """Stacks of particles."""
    project: KeepRule | None = None
    """Everything else of the session: its store, its workflow, small results."""
    report: KeepRule | None = None
    """The report, and tables and PDF beside it."""
    handover: KeepRule | None = None
    """What was laid out for people in a folder of that name in a session's place. It is refused
    beside [handover], whose area is elsewhere and goes by its own days."""
    exceptions: Annotated[tuple[KeepException, ...], Field(alias="except")] = ()
    """Projects and teams for which it is otherwise: [[keep.except]]."""
    act: bool = False
    """Whether the duty removes, and tells people before. Otherwise it only says what it would
    remove."""
    undo: Days = 14.0
    """How long what was removed lies aside, where it can be brought back."""
    every: Annotated[Hours, Field(gt=0)] = 1.0
    """How often the duty looks."""
    mail: str = ""
    """Channel of the settings, of the kind email, over which owners are told; the first such
    channel of the staff when not given."""
    alert: Days = 14.0
    """Staff are told when the disk of the sessions may be full in less than this."""

    def rule(self, kind: Data) -> KeepRule | None:
        """The rule of a class; None where it is kept for ever."""
        found: KeepRule | None = getattr(self, kind)
        return found

    @property
    def rules(self) -> Mapping[Data, KeepRule]:
        """The rules that there are."""
        return dict(self._rules())

    def _rules(self) -> Iterator[tuple[Data, KeepRule]]:
        for kind in CLASSES:
            rule = self.rule(kind)
            if rule is not None:
                yield kind, rule
