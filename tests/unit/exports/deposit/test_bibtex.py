"""What is to be cited, as BibTeX."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from icestream.exports.deposit.bibtex import bibtex, export_bibtex
from icestream.exports.deposit.facts import DepositFacts, gather_facts
from icestream.protocol import Registry
from icestream.protocol.describe import sources_of
from icestream.store import tables as t
from report_session import SampleSession


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> DepositFacts:
    session = SampleSession(tmp_path_factory.mktemp("bibtex") / "s", start=1.7e9)
    session.grow(2)
    return gather_facts(session.folder)


def _entries(text: str) -> dict[str, dict[str, str]]:
    """Fields of each entry by its key; braces must be balanced."""
    assert text.count("{") == text.count("}")
    return {
        key: dict(re.findall(r"^  (\w+) = \{(.*)\},$", body, re.M))
        for key, body in re.findall(r"^@\w+\{([^,]+),\n(.*?)^\}$", text, re.M | re.S)
    }


def test_every_source_of_every_step_has_an_entry(facts: DepositFacts) -> None:
    entries = _entries(bibtex(facts))
    said = {source for step in facts.steps for source in step.sources}
    assert len(entries) == len(said) + 1
    assert {entry["doi"] for entry in entries.values() if "doi" in entry} == {
        source.split("doi:")[1] for source in said
    }
    assert entries["grant2015"] == {
        "author": "Grant and Grigorieff", "year": "2015", "journal": "eLife", "volume": "4",
        "pages": "e06980", "doi": "10.7554/eLife.06980", "note": entries["grant2015"]["note"],
    }  # fmt: skip
    assert "(step align)" in entries["grant2015"]["note"]
    assert entries["elferich2024"]["author"] == "Elferich and others"
    assert entries["icestream"]["version"] == "0.1"


def test_one_source_of_two_steps_stands_once_and_keys_differ(facts: DepositFacts) -> None:
    one, two = facts.steps[:2]
    of_both = "Doe (2020) J. A & B 1, 2, doi:10.1/ab_c"
    alike = "Doe et al. (2020) J. C 3, 4"
    changed = (
        replace(one, sources=(of_both,)),
        replace(two, sources=(of_both, alike, "The manual of P, https://p.org")),
    )
    text = bibtex(replace(facts, steps=changed))
    entries = _entries(text)
    assert list(entries) == ["icestream", "doe2020", "doe2020b", "the"]
    assert entries["doe2020"]["journal"] == r"J. A \& B"
    assert entries["doe2020"]["doi"] == "10.1/ab_c"
    assert "step import" in entries["doe2020"]["note"]
    assert "step align" in entries["doe2020"]["note"]
    assert entries["the"]["note"].startswith("The manual of P, https://p.org")


@pytest.mark.parametrize("name", Registry().names())
def test_sources_of_all_protocols_are_understood(name: str, facts: DepositFacts) -> None:
    """Journal, volume and page of what was published; the others are a note."""
    sources = sources_of(Registry().get(name))
    text = bibtex(replace(facts, steps=(replace(facts.steps[0], sources=sources),)))
    entries = [entry for key, entry in _entries(text).items() if key != "icestream"]
    assert len(entries) == len(sources)
    for source, entry in zip(sources, entries, strict=True):
        published = {"author", "year", "journal", "doi"}
        assert published <= entry.keys() if "doi:" in source else "note" in entry, source


def test_a_protocol_that_is_not_installed_is_told(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.7e9)
    session.grow(1)
    with session.store.write() as connection:
        of = t.revision.c.step_id == session.step_ids["pick"]
        connection.execute(update(t.revision).where(of).values(protocol="picks.magic"))
    (told,) = export_bibtex(session.folder, tmp_path / "out" / "sources.bib")
    assert "picks.magic (step pick)" in told
    assert "grant2015" in (tmp_path / "out" / "sources.bib").read_text()
