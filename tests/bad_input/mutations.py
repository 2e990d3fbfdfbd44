"""What is done to a good input to make a bad one of it, by a seeded random generator."""

import copy
import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

__all__ = ["Kind", "mutated"]

Kind = Literal["bytes", "text", "json"]

_NUMBERS = (0, 1, 2, 127, 128, 255, 256, 32767, 32768, 65535, 2**20, 2**24, 2**31 - 1, 2**31,
            2**32 - 1, 2**40, 2**63 - 1, 2**64 - 1)  # fmt: skip
_WORDS = ("", "0", "-1", "nan", "inf", "-inf", "1e999", "1e-999", "1_000", "0x10", "9" * 30,
          "9" * 5000, "None", "null", "\"", "'", "#", "_", "data_", "loop_", ";", ",", "\t", "\0",
          "\ud7ff", "\u2028", "٣", "%s", "{}", "../../etc/passwd", "/dev/zero", "1.5", "-0",
          "1e300", "[" * 3000)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, -0.0, 1e308, 2**63, 10**400, "", "x", "0", "nan", "\0", "\u2028",
    "٣", "../../etc/passwd", "9" * 5000, [], {}, [[]], [None], {"": None}, [1, 2], {"a": 1},
    float("nan"), float("inf"), "\ud800",
)  # fmt: skip


def mutated(given: bytes, kind: Kind, random_: random.Random, most: int = 65_536) -> bytes:
    """An input made of a good one by one to four changes."""
    ways: Sequence[Callable[[bytes, random.Random], bytes]] = {
        "bytes": (_flipped, _number, _cut, _moved, _doubled),
        "text": (_word, _word, _line, _line, _cut, _flipped),
        "json": (_tree, _tree, _tree, _tree, _word, _cut, _flipped),
    }[kind]
    for _ in range(random_.choice((1, 1, 2, 4))):
        given = random_.choice(ways)(given, random_)
    return given[:most]


def _flipped(given: bytes, random_: random.Random) -> bytes:
    if not given:
        return bytes([random_.randrange(256)])
    made = bytearray(given)
    for _ in range(random_.choice((1, 1, 2, 8))):
        made[random_.randrange(len(made))] = random_.choice((0, 1, 32, 127, 128, 255, 34, 10))
    return bytes(made)


def _number(given: bytes, random_: random.Random) -> bytes:
    """A number of a header that is another one, at a place where there may be such."""
    size = random_.choice((1, 2, 4, 4, 8))
    if len(given) < size:
        return given
    # Headers are at the beginning, and tables of a TIFF at the end.
    begin = random_.choice((min(256, len(given)), len(given)))
    at = random_.randrange(begin)
    at -= at % random_.choice((1, 2, 4))
    value = random_.choice(_NUMBERS) % 2 ** (8 * size)
    return given[:at] + value.to_bytes(size, random_.choice(("little", "big"))) + given[at + size :]


def _cut(given: bytes, random_: random.Random) -> bytes:
    if not given:
        return given
    at = random_.randrange(len(given))
    if random_.random() < 0.5:
        return given[:at]
    return given[:at] + given[at + random_.choice((1, 2, 4, 16, 256)) :]


def _moved(given: bytes, random_: random.Random) -> bytes:
    if len(given) < 4:
        return given
    length = random_.choice((2, 4, 12, 20))
    one, other = (random_.randrange(len(given)) for _ in range(2))
    return given[:one] + given[other : other + length] + given[one + length :]


def _doubled(given: bytes, random_: random.Random) -> bytes:
    if not given:
        return given
    at, length = random_.randrange(len(given)), random_.choice((1, 4, 12, 64))
    return given[:at] + given[at : at + length] * random_.choice((2, 3)) + given[at:]


def _word(given: bytes, random_: random.Random) -> bytes:
    """A word that is another one, or one from elsewhere in the text."""
    words = list(re.finditer(rb"[\w.+-]+", given))
    if not words:
        return given + random_.choice(_WORDS).encode("utf-8", "surrogatepass")
    found = random_.choice(words)
    other = random_.choice(words)[0]
    strange = random_.choice(_WORDS).encode("utf-8", "surrogatepass")
    put = strange if random_.random() < 0.7 else other
    return given[: found.start()] + put + given[found.end() :]


def _line(given: bytes, random_: random.Random) -> bytes:
    lines = given.splitlines(keepends=True)
    if not lines:
        return given
    at, other = random_.randrange(len(lines)), random_.randrange(len(lines))
    way = random_.randrange(5)
    if way == 0:
        del lines[at]
    elif way == 1:
        lines.insert(other, lines[at])
    elif way == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif way == 3:
        lines[at] = lines[at].rstrip(b"\r\n")
    else:
        lines.insert(at, random_.choice(_WORDS).encode("utf-8", "surrogatepass") + b"\n")
    return b"".join(lines)


def _tree(given: bytes, random_: random.Random) -> bytes:
    """JSON with a value that is another one, is missing, or is under another name."""
    try:
        document = json.loads(given)
    except (ValueError, RecursionError):
        return _word(given, random_)
    places = list(_places(document, ())) if isinstance(document, dict | list) else []
    if not places:
        return json.dumps(random_.choice(_VALUES)).encode()
    place = random_.choice(places)
    inside = document
    for key in place[:-1]:
        inside = inside[key]
    last, way = place[-1], random_.randrange(6)
    if way == 0:
        del inside[last]
    elif way == 1:
        inside[last] = [inside[last]]
    elif way == 2 and isinstance(inside, dict):
        inside[random_.choice(("", "version", "name", "x", "\0"))] = inside.pop(last)
    elif way == 3:
        inside[last] = copy.deepcopy(_at(document, random_.choice(places)))
    else:
        inside[last] = copy.deepcopy(random_.choice(_VALUES))
    return json.dumps(document).encode()


def _places(value: Any, above: tuple[Any, ...]) -> Any:
    if len(above) > 40:
        return
    keys: Any = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield (*above, key)
        if isinstance(value[key], dict | list):
            yield from _places(value[key], (*above, key))


def _at(document: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        document = document[key]
    return document
