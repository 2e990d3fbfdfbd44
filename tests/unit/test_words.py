"""What people read is in the words of the field: in progress, finishing, fix, predicted, dose."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "icestream"
ODD = re.compile(
    r"\b(mend|mends|mended|mending|foretold|foretell|draining|drained)\b", flags=re.IGNORECASE
)
PLACES = ("cli", "report", "exports", "protocols", "protocol", "settings")
"""Where the texts are that people read; engine and store keep the words of their states."""
CODES = {"draining"}
"""A whole text that is a state's own word, never shown as it is."""


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Strings of a module, docstrings of its commands and parameters among them."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


@pytest.mark.parametrize("place", PLACES)
def test_texts_have_the_words_of_the_field(place: str) -> None:
    root = SOURCE / place
    modules = [root] if root.is_file() else sorted(root.rglob("*.py"))
    found = [
        f"{path.relative_to(SOURCE)}:{line}: {text[:80]!r}"
        for path in modules
        for line, text in texts(path)
        if ODD.search(text) and text not in CODES
    ]
    assert not found, "\n".join(found)


def test_the_page_of_the_report_has_them_too() -> None:
    page = "".join(path.read_text() for path in (SOURCE / "report/page").iterdir())
    assert set(map(str.lower, ODD.findall(page))) <= CODES  # the name of a state, with its label
