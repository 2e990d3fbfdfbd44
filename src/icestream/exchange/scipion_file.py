"""Scipion's workflow files: exported JSON, and templates with fields to fill in.

A file is a list of objects, one for each protocol. ``object.className`` and ``object.id`` name it,
a parameter that points to another protocol holds ``"id.output"``. A template may have lines of
text before the list, ``%(NAME)s`` of the environment, and fields ``~title|default|type|alias~``,
with quotation marks around them or without.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from icestream.documents import read_json
from icestream.engine.graph.blanks import read_value
from icestream.engine.graph.document import MOST_BLANKS, MOST_STEPS, Blank, nested_too_deeply
from icestream.exchange.foreign import (
    MOST,
    ForeignLink,
    ForeignStep,
    ForeignWorkflow,
    NotImported,
)

__all__ = ["BARE", "ENVELOPE", "is_scipion", "pointers", "read_scipion", "write_scipion"]

ENVELOPE = ("object.className", "object.id", "object.label", "object.comment", "_useQueue",
            "_prerequisites", "_queueParams", "runName", "runMode", "forceSchedule")  # fmt: skip
"""What every protocol has beside its parameters."""
BARE = "~"
"""Key of the object that stands for a field without quotation marks."""

_FIELD = re.compile(r"~([^~|]*)\|([^~|]*)\|([0-6])(?:\|([^~|]*))?~")
# A string that never ends is one token, too: nothing is looked at twice.
_TOKENS = re.compile(r'"(?:[^"\\]|\\[\s\S])*+(?:"|\\?\Z)|~[^~"\n]*~')
_KINDS = {"1": "yes or no", "2": "folder", "3": "whole number", "4": "number", "5": "file",
          "6": "folder"}  # fmt: skip
_POINTER = re.compile(r"(\d+)(?:\.(.*))?")
_NO_POINTERS = {"gpuList", "gpusToUse", "GPUIDs", "GPUCore"}
"""Parameters whose text may look like a protocol's id."""


def is_scipion(text: str) -> bool:
    """Whether a text seems to be a workflow of Scipion."""
    return '"object.className"' in text[:MOST]


def read_scipion(text: str, name: str) -> ForeignWorkflow:
    """Read a workflow or a template.

    Parameters
    ----------
    text
        What is in the file.
    name
        What the workflow is to be called.

    Raises
    ------
    NotImported
        If it is none, with everything that is wrong.
    """
    what = f"{name} is no workflow of Scipion that can be read"
    if len(text) > MOST:
        raise NotImported(what, [f"it has {len(text)} characters, and {MOST} are the most"])
    start = re.search(r"^[ \t]*\[", text, flags=re.M)
    if start is None:
        raise NotImported(what, ["there is no list of protocols in it: no line begins with ["])
    intro = text[: start.start()].strip()
    body = _TOKENS.sub(_quoted, text[start.start() :])
    try:
        listed = read_json(body)
    except ValueError as error:
        raise NotImported(what, [f"its list is no JSON: {error}"]) from None
    if nested_too_deeply(listed):
        raise NotImported(what, ["its values are nested too deeply"])
    problems = list(_form_problems(listed))
    if problems:
        raise NotImported(what, problems)
    fields = _Fields(what)
    template = bool(intro) or any(fields.are_in(one) for one in listed)
    ids = {one["object.id"] for one in listed}
    steps = tuple(_step(one, ids, fields if template else None) for one in listed)
    return ForeignWorkflow(
        program="scipion",
        form="template" if template else "json",
        name=name,
        about=" ".join(intro.split()),
        steps=steps,
        blanks=tuple(fields.blanks.values()),
        values={"intro": intro} if intro else {},
        remarks=tuple(fields.remarks),
    )


def write_scipion(listed: Sequence[Mapping[str, Any]], intro: str = "") -> str:
    """The text of a file with these protocols."""
    text = json.dumps(listed, indent=4, ensure_ascii=True)
    text = re.sub(
        r'\{\s*"~": "((?:[^"\\]|\\.)*)"\s*\}', lambda bare: json.loads(f'"{bare[1]}"'), text
    )
    return f"{intro}\n{text}\n" if intro else f"{text}\n"


def pointers(value: Any, ids: set[str]) -> tuple[ForeignLink, ...]:
    """The links that a value stands for; none unless all of it leads to protocols of the file."""
    given = value if isinstance(value, list) else [value]
    found = []
    for one in given:
        said = _POINTER.fullmatch(one) if isinstance(one, str) else None
        if said is None or said[1] not in ids:
            return ()
        found.append(ForeignLink(said[1], (said[2] or "").removeprefix("__attribute__")))
    return tuple(found)


def _quoted(token: re.Match[str]) -> str:
    return token[0] if token[0].startswith('"') else json.dumps({BARE: token[0]})


def _form_problems(listed: Any) -> Iterator[str]:
    seen: set[str] = set()
    if len(listed) > MOST_STEPS:
        yield f"it has {len(listed)} protocols, and {MOST_STEPS} are the most"
        return
    for number, one in enumerate(listed, 1):
        if not isinstance(one, dict):
            yield f"protocol {number} is no object"
            continue
        for key in ("object.className", "object.id"):
            if not isinstance(one.get(key), str) or not one[key]:
                yield f'protocol {number} has no text "{key}"'
        if (id_ := str(one.get("object.id"))) in seen:
            yield f'protocol {number} has the "object.id" {id_!r} of another one'
        seen.add(id_)
    if not listed:
        yield "its list is empty"


def _step(one: Mapping[str, Any], ids: set[str], fields: "_Fields | None") -> ForeignStep:
    links, values = {}, {}
    for key, value in one.items():
        if key in ENVELOPE:
            continue
        found = () if key in _NO_POINTERS else pointers(value, ids - {one["object.id"]})
        if found:
            links[key] = found
        else:
            values[key] = fields.read(value) if fields else value
    return ForeignStep(
        id=one["object.id"],
        kind=one["object.className"],
        label=str(one.get("object.label") or ""),
        values=values,
        raw=one,
        links=links,
    )


class _Fields:
    """The fields of a template, as blanks of ours."""

    def __init__(self, what: str) -> None:
        self._what = what
        self.blanks: dict[str, Blank] = {}
        self.remarks: list[str] = []
        self._known: dict[str, str] = {}

    def are_in(self, value: Any) -> bool:
        """Whether there is a field in a value, at any depth."""
        if isinstance(value, dict):
            return BARE in value or any(map(self.are_in, value.values()))
        if isinstance(value, list):
            return any(map(self.are_in, value))
        return isinstance(value, str) and _FIELD.search(value) is not None

    def read(self, value: Any) -> Any:
        """A value with blanks of ours in the place of fields."""
        if isinstance(value, dict):
            return (
                self.read(value[BARE])
                if BARE in value
                else {k: self.read(v) for k, v in value.items()}
            )
        if isinstance(value, list):
            return [self.read(one) for one in value]
        if not isinstance(value, str):
            return value
        return _FIELD.sub(self._blank, value).replace("%%", "%")

    def _blank(self, found: re.Match[str]) -> str:
        if found[0] not in self._known:
            self._known[found[0]] = self._new(*found.groups())
        return f"{{{{{self._known[found[0]]}}}}}"

    def _new(self, title: str, default: str, kind: str, alias: str | None) -> str:
        if len(self.blanks) >= MOST_BLANKS:
            raise NotImported(self._what, [f"it has more than {MOST_BLANKS} fields"])
        wanted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", alias or title).lower()
        wanted = re.sub(r"[^a-z0-9]+", "_", wanted.replace("'", "")).strip("_")[:36]
        wanted = wanted if re.match("[a-z]", wanted) else f"field_{wanted}".rstrip("_")
        name, number = wanted, 1
        while name in self.blanks:
            number += 1
            name = f"{wanted}_{number}"
        blank = Blank.model_validate(
            {"name": name, "title": title, "kind": _KINDS.get(kind, "text")}
        )
        plain = default.replace("%%", "%")
        if re.search(r"%\(\w+\)s", default):
            self.remarks.append(
                f"field {title!r}: its default {default!r} names a variable of the environment, "
                f"and is not taken; give --fill {name}=VALUE"
            )
        else:
            try:
                value = read_value(blank, plain) if plain else None
                blank = Blank.model_validate(
                    {**blank.model_dump(exclude_unset=True), "default": value}
                )
            except ValueError:
                self.remarks.append(f"field {title!r}: its default {default!r} is no {blank.kind}")
        self.blanks[name] = blank
        return name
