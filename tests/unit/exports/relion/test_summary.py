"""What was left out of an export is said in plain words, in its output and in its README."""

from dataclasses import replace
from pathlib import Path

from icestream.exports.relion.summary import Summary, sentences, write_readme
from icestream.store.files import Damage

PLAIN = Summary(
    project=Path("p"), version="3.1", movies=3, micrographs=3, ctfs=3, picked=2, picks=1183,
    particles=1081, classes=20,
)  # fmt: skip


def said(**changes: object) -> list[str]:
    return list(sentences(replace(PLAIN, **changes)))  # type: ignore[arg-type]


def test_an_export_of_everything_is_one_sentence() -> None:
    assert said() == [
        "3 movies, 3 micrographs, 3 CTFs, 1183 picks on 2 micrographs, 1081 particles, 20 classes"
    ]


def test_each_kind_of_omission_has_its_number() -> None:
    assert "102 of the 1183 picks are not among the particles" in said(over_rim=102)[1]
    assert "reach over the rim" in said(over_rim=102)[1]
    assert said(unexplained=4)[1].startswith("4 more picks")
    assert said(unselected={"score 0.4 at least": 3, "classes 1, 2": 5})[1] == (
        "8 particles were left out by a selection: 3 by score 0.4 at least; 5 by classes 1, 2"
    )
    assert said(waiting=5)[1].startswith("5 picks are of micrographs")
    assert said(unclassified=6)[1].startswith("6 of the 1081 particles are in no class")
    assert said(unclassified=1081, classes=0)[1].startswith("none of the particles is in a class")
    assert said(rejected=7)[1].startswith("7 exposures were rejected")
    assert said(rejected=1)[1].startswith("1 exposure was rejected")
    assert "--ctf_phase_flipped" in said(flipped=True)[1]
    assert "diameter of the particles is not known yet" in said(diameter_known=False)[1]
    assert "in 8 of the movies" in said(uneven=8)[1]
    assert said(assumed=("Cs 2.7 mm (preset krios1)",))[1] == (
        "neither you nor the metadata said: Cs 2.7 mm (preset krios1)"
    )


def test_every_damaged_file_is_listed() -> None:
    damages = tuple(Damage(Path(f"/s/{n}.mrc"), "is missing") for n in range(30))
    found = said(damages=damages)
    assert found[1].startswith("30 files are missing or cut")
    assert found[2:] == [f"  /s/{n}.mrc is missing" for n in range(30)]


def test_the_readme_has_it_all(tmp_path: Path) -> None:
    damages = (Damage(Path("/s/a.mrc"), "has 3 of 8 bytes"),)
    summary = replace(PLAIN, project=tmp_path, over_rim=102, damages=damages)
    write_readme(summary, "apo", ["Ctf: step `ctf`"])
    text = (tmp_path / "README.md").read_text()
    for part in ("session apo", "RELION 3.1", "* 102 of the 1183", "  * /s/a.mrc has 3", "* Ctf:"):
        assert part in text
