"""The sources of all programs that a session used, as BibTeX."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import icestream
from icestream.exports.deposit.facts import DepositFacts, UsedStep, gather_facts
from icestream.whole import written_whole

__all__ = ["bibtex", "export_bibtex"]

_SOURCE = re.compile(
    r"(?P<authors>[^(]+?) \((?P<year>\d{4})\) (?P<rest>.*?)(?:,? doi:(?P<doi>10\.\S+?))?\.?$"
)
_PLACE = re.compile(r"(?P<journal>.*?)(?: (?P<volume>\d+))?, (?P<pages>[A-Za-z]*\d[\w–-]*)$")
_SPECIAL = str.maketrans({letter: f"\\{letter}" for letter in "&%$#_{}"})


def export_bibtex(session: Path, out: Path) -> tuple[str, ...]:
    """Write what is to be cited for the session in a folder as ``.bib``; say what is missing."""
    facts = gather_facts(session)
    text = bibtex(facts)
    out.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(out) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
    return tuple(
        f"the sources of {one.record.protocol} (step {one.record.name}) are not known: it is not "
        "installed here"
        for one in facts.steps
        if not one.is_known
    )


def bibtex(facts: DepositFacts) -> str:
    """An entry for icestream and one for each source, with the steps that cite it in its note.

    Protocols cite by authors, year, journal and DOI: titles are not made up, reference managers
    fill them in by the DOI. A source of another form becomes the note of an entry of its own.
    """
    cited: dict[str, list[UsedStep]] = {}
    for step in facts.steps:
        for source in step.sources:
            cited.setdefault(source, []).append(step)
    keys: set[str] = {"icestream"}
    entries = [_own(facts)]
    entries += [_entry(source, steps, keys) for source, steps in cited.items()]
    return "\n".join(entries)


def _own(facts: DepositFacts) -> str:
    """The versions that ran the session, which need not be the one that exports it."""
    versions = [epoch.software.get("icestream", "") for epoch in facts.epochs]
    said = ", ".join(dict.fromkeys(filter(None, versions))) or icestream.__version__
    return _written(
        "misc",
        "icestream",
        {
            "author": "{The icestream developers}",
            "title": "{icestream: processing cryo-EM movies while the microscope acquires them}",
            "version": said,
            "note": "Software",
        },
    )


def _entry(source: str, steps: Sequence[UsedStep], keys: set[str]) -> str:
    used = "; ".join(f"{one.title} (step {one.record.name})" for one in steps)
    found = _SOURCE.match(source)
    if found is None:
        key = _key(source, "", keys)
        return _written("misc", key, {"note": f"{_escaped(source)}. Used: {_escaped(used)}"})
    rest = found["rest"].strip(" ,")
    place = _PLACE.fullmatch(rest)
    fields = {"author": _authors(found["authors"]), "year": found["year"]}
    if place is None:
        fields["journal"] = _escaped(rest)
    else:
        fields |= {name: _escaped(value) for name, value in place.groupdict().items() if value}
    if found["doi"]:
        fields["doi"] = found["doi"]
    fields["note"] = f"Used: {_escaped(used)}"
    fields = {name: value for name, value in fields.items() if value}
    return _written("article", _key(found["authors"], found["year"], keys), fields)


def _authors(words: str) -> str:
    """``A & B`` is two, ``A et al.`` is A and others."""
    several = words.replace(" et al.", " & others")
    return _escaped(" and ".join(name.strip() for name in re.split(r"&|,", several)))


def _key(authors: str, year: str, keys: set[str]) -> str:
    """The first author and the year in ASCII; of two that are alike the second gets a letter."""
    plain = unicodedata.normalize("NFKD", authors).encode("ascii", "ignore").decode()
    first = re.match(r"\W*(\w[\w-]*)", plain)
    key = wanted = f"{first[1].lower() if first else 'source'}{year}"
    for letter in _letters():
        if key not in keys:
            break
        key = f"{wanted}{letter}"
    keys.add(key)
    return key


def _letters() -> Iterator[str]:
    number = 0
    while True:
        yield chr(ord("b") + number) if number < 25 else str(number)
        number += 1


def _escaped(text: str) -> str:
    return text.translate(_SPECIAL)


def _written(kind: str, key: str, fields: dict[str, str]) -> str:
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@{kind}{{{key},\n{lines}}}\n"
