"""The conformance suite finds what is wrong with a plugin."""

from dataclasses import dataclass
from typing import Annotated

import icestream.engine  # noqa: F401  (an import that a protocol may not make)
from icestream.model import Ctf, Micrograph, Picture
from icestream.protocol import ItemProtocol, Parameters, shown_if
from icestream.protocol.conformance import problems


class Good(ItemProtocol[Parameters]):
    """Do good."""

    name = "test.good"
    title = "Good"

    def process(self, micrograph: Micrograph) -> Ctf: ...


class Bad(Parameters):
    """Bad."""

    unhelpful: int = 1
    wrong: Annotated[int, shown_if("nowhere")] = 2
    """Shown if something that is not there."""


@dataclass
class Loose:
    exposure: str
    drawing: Annotated[str, Picture("Drawing")] = ""


class Poor(ItemProtocol[Bad]):
    name = "Poor"
    title = ""
    version = 0
    cites = ("Smith et al.",)

    def __init__(self, parameters: Bad | None = None) -> None:
        super().__init__(parameters)
        self.memory: list[str] = []

    def process(self, micrograph: Micrograph) -> Loose: ...


def without_imports(found: list[str]) -> list[str]:
    return [problem for problem in found if "imports icestream.engine" not in problem]


def test_a_good_protocol_has_no_problem_but_its_module() -> None:
    found = problems(Good)
    assert without_imports(found) == []
    assert len(found) == 1


def test_each_problem_is_named() -> None:
    text = "\n".join(problems(Poor))
    for words in (
        "name is 'Poor'",
        "'drawing' of Loose is marked as a picture and is <class 'str'>; mark the Path of a file",
        "no title",
        "no docstring",
        "version is 0",
        "cites 'Smith et al.'",
        "'unhelpful' has no help",
        "shown if 'nowhere'",
        "Loose is not frozen",
        "keeps ['memory']",
        "imports icestream.engine",
    ):
        assert words in text, f"{words!r} not in:\n{text}"
