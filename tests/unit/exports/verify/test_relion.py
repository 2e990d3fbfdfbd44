"""What a RELION project says of its particles."""

from pathlib import Path

import pytest

from icestream.exports.relion import export_relion
from icestream.exports.verify.relion import is_relion, read_relion
from icestream.formats import read_star, write_star


def test_a_project(session: Path, tmp_path: Path) -> None:
    project = export_relion(session, tmp_path / "project").project
    assert is_relion(project)
    assert not is_relion(session)
    particles, picks = read_relion(project, 8)
    assert (particles.of, particles.total, len(particles.sample)) == ("particles", 36, 8)
    assert (picks.of, picks.total, len(picks.sample)) == ("picks", 40, 8)
    first = particles.sample[0]
    assert first.micrograph.exists()
    assert first.stack is not None
    assert first.stack.exists()
    assert (first.number, first.index, first.box, first.dark, first.sign) == (0, 0, 48, True, 1.0)
    assert first.says["image pixel size"] == 2.0
    assert first.says["micrograph pixel size"] == 1.5
    assert first.says["defocus angle"] == pytest.approx(31.0)
    assert {one.micrograph.name for one in picks.sample} == {
        one.micrograph.name for one in particles.sample
    }
    path = project / "Extract/job005/job.star"
    blocks = read_star(path)
    options = blocks["joboptions_values"].columns
    options["rlnJobOptionValue"][options["rlnJobOptionVariable"].index("do_invert")] = "No"
    write_star(path, blocks)
    assert not next(read_relion(project, 8)).sample[0].dark


def test_a_project_without_particles(tmp_path: Path) -> None:
    assert not list(read_relion(tmp_path, 8))
