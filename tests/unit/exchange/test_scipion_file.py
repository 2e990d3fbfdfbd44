"""Scipion's files: read as they are meant, written as they were."""

import json
from pathlib import Path

import pytest

from icestream.exchange.foreign import ForeignLink, NotImported
from icestream.exchange.scipion_export import compared
from icestream.exchange.scipion_file import is_scipion, pointers, read_scipion, write_scipion
from scipion_files import FILES

TEMPLATE = """Two lines of text
that tell what it is, 100%%.
[
  {"object.className": "ProtImportMovies", "object.id": "2", "object.label": "in",
   "filesPath": "~Movie's folder|%(HOME)s/Movies|2|moviesPath~", "filesPattern": "x_~Tag|a|0~.mrc",
   "voltage": ~Voltage|300|4~, "classes": "~Classes|50|3|n~", "more": "~Classes 2|30|3|n~",
   "gainFile": "~Gain||5~", "timeout": "~Wait|soon|3~", "note": "50%% of ~/data"},
  {"object.className": "ProtX", "object.id": "3", "inputMovies": "2.outputMovies",
   "inputProtocols": ["2", "2.a.b"], "old": "2.__attribute__outputMovies", "away": "9.outputMovies",
   "gpuList": "2", "number": "2.5", "_prerequisites": "2"}
]
"""


def test_fields_become_blanks() -> None:
    read = read_scipion(TEMPLATE, "w")
    blanks = {blank.name: blank for blank in read.blanks}
    assert list(blanks) == ["movies_path", "tag", "voltage", "n", "n_2", "gain", "wait"]
    assert (blanks["voltage"].kind, blanks["voltage"].default) == ("number", 300.0)
    assert (blanks["n_2"].kind, blanks["n_2"].default) == ("whole number", 30)
    assert blanks["movies_path"].needed, "its default names the environment of some machine"
    assert not blanks["gain"].needed
    assert blanks["wait"].needed
    assert any("%(HOME)s/Movies" in remark for remark in read.remarks)
    assert any("'soon' is no whole number" in remark for remark in read.remarks)
    values = read.steps[0].values
    assert values["filesPath"] == "{{movies_path}}"
    assert values["filesPattern"] == "x_{{tag}}.mrc"
    assert values["note"] == "50% of ~/data"
    assert (read.form, read.about) == ("template", "Two lines of text that tell what it is, 100%%.")


def test_pointers_become_links_where_they_lead_somewhere() -> None:
    step = read_scipion(TEMPLATE, "w").steps[1]
    assert step.links == {
        "inputMovies": (ForeignLink("2", "outputMovies"),),
        "inputProtocols": (ForeignLink("2", ""), ForeignLink("2", "a.b")),
        "old": (ForeignLink("2", "outputMovies"),),
        "number": (ForeignLink("2", "5"),),
    }
    assert step.values == {"away": "9.outputMovies", "gpuList": "2"}
    assert pointers(["2.x", 7], {"2"}) == ()


def test_a_plain_file_has_no_fields() -> None:
    text = TEMPLATE[TEMPLATE.index("[") :].replace("~", "")
    text = text.replace("Voltage|300|4,", "300,")
    read = read_scipion(text, "w")
    assert (read.form, read.blanks) == ("json", ())
    assert read.steps[0].values["note"] == "50%% of /data"


@pytest.mark.parametrize("name", FILES)
def test_what_is_read_is_written(name: str, shared_data: Path) -> None:
    text = (shared_data / "scipion_workflows" / name).read_text()
    assert is_scipion(text)
    read = read_scipion(text, "w")
    written = write_scipion([step.raw for step in read.steps], str(read.values.get("intro", "")))
    assert list(compared(read, read_scipion(written, "w"))) == []
    assert read_scipion(written, "w").blanks == read.blanks


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "no line begins with ["),
        ("[\n{]", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "its list is empty"),
        ("[" * 200 + "]" * 200, "nested too deeply"),
        ("\n" * 2_000_000, "no line begins with ["),
        ("[" + '"\\' * 1_000_000, "is no JSON"),
        ("[" + "~" * 1_000_000, "is no JSON"),
        ("[" + "~a|" * 500_000, "is no JSON"),
        (json.dumps([{"object.className": "A"}, 3]), 'protocol 1 has no text "object.id"'),
        (json.dumps([{"object.className": "A"}, 3]), "protocol 2 is no object"),
        (
            json.dumps([{"object.className": "A", "object.id": str(n)} for n in range(20_000)]),
            "it has 20000 protocols, and 500 are the most",
        ),
        (
            json.dumps(
                [
                    {
                        "object.className": "A",
                        "object.id": "1",
                        "b": [f"~a|{n}|1~" for n in range(20_000)],
                    }
                ]
            ),
            "it has more than 200 fields",
        ),
        (
            json.dumps([{"object.className": "A", "object.id": "1"}] * 2),
            "protocol 2 has the \"object.id\" '1' of another one",
        ),
    ],
)
def test_what_is_no_workflow_is_told(text: str, said: str) -> None:
    with pytest.raises(NotImported) as error:
        read_scipion(text, "w")
    assert said in str(error.value)
