"""Keys: the same work on the same input has the same key, whoever asks for it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal, NewType

__all__ = [
    "BranchId",
    "ResultId",
    "RevisionId",
    "StepId",
    "SubjectId",
    "SubjectKind",
    "TaskId",
    "content_key",
    "source_key",
    "task_key",
]

StepId = NewType("StepId", int)
RevisionId = NewType("RevisionId", int)
BranchId = NewType("BranchId", int)
SubjectId = NewType("SubjectId", int)
TaskId = NewType("TaskId", int)
ResultId = NewType("ResultId", int)

SubjectKind = Literal["exposure", "group", "batch"]
"""What a task can be of."""


def content_key(content: Any) -> str:
    """A short hash (32 hex digits) of any JSON-ready value, independent of the order of keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def source_key(name: str, size: int, modified: int) -> str:
    """Key of something that entered from outside: its name, bytes and mtime in nanoseconds."""
    return content_key(["source", name, size, modified])


def task_key(
    protocol: str, version: int, parameters: Mapping[str, Any], inputs: Mapping[str, Any]
) -> str:
    """Key of a result: the protocol and its version, all parameters, the keys of its inputs.

    `inputs` maps a port's name to a key, or to a list of keys for a batch.
    """
    return content_key([protocol, version, dict(parameters), dict(inputs)])
