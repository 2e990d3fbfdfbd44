"""RELION's window shows the settings of each job: `job.star` in its own words."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from export_items import MICROGRAPH, MOVIE, OPTICS, particles, picks
from icestream.exports.relion.jobs import JOBS, Job, Version, class2d_job
from icestream.exports.relion.settings import (
    Settings,
    class2d_settings,
    ctf_settings,
    extract_settings,
    import_settings,
    motion_settings,
    picking_settings,
    write_settings,
)
from icestream.formats import read_star
from icestream.model import Classes, column

VERSIONS: tuple[Version, ...] = ("3.1", "4", "5")


def all_settings(version: Version) -> list[tuple[Job, Settings]]:
    one = column([1, 2, 3])
    classes = Classes(
        averages=Path("c.mrcs"), box=8, pixel_size=1.0, counts=one, resolution=one, score=one,
        assignments=Path("a.parquet"), particles=6, iteration=7, diameter=120.0,
    )  # fmt: skip
    return [
        (JOBS[0], import_settings(MOVIE, "mine-g1")),
        (JOBS[1], motion_settings(MOVIE, MICROGRAPH, "Movies/gain.mrc", None)),
        (JOBS[2], ctf_settings(MICROGRAPH, None)),
        (JOBS[3], picking_settings(picks())),
        (JOBS[4], extract_settings(particles(), version)),
        (class2d_job(7), class2d_settings(classes, particles(), version)),
    ]


def options(path: Path) -> dict[str, str]:
    block = read_star(path)["joboptions_values"]
    names, values = block.text("rlnJobOptionVariable"), block.text("rlnJobOptionValue")
    return dict(zip(names, values, strict=True))


def test_values_are_those_of_the_items(tmp_path: Path) -> None:
    found = {}
    for job, settings in all_settings("3.1"):
        write_settings(tmp_path / "job.star", job, settings, "3.1")
        found[job.number] = options(tmp_path / "job.star")
    assert found[0]["angpix"] == "1"
    assert found[0]["fn_in_raw"] == "Movies/*.tiff"
    assert found[0]["optics_group_name"] == "mine-g1"
    assert found[0]["kV"] == "200"
    assert found[1]["first_frame_sum"] == "2"
    assert found[1]["last_frame_sum"] == "4"  # of 5
    assert found[1]["bin_factor"] == "2"
    assert found[1]["dose_per_frame"] == "1.5"
    assert found[1]["fn_gain_ref"] == "Movies/gain.mrc"
    assert found[1]["fn_defect"] == ""
    assert found[1]["do_save_noDW"] == found[2]["use_noDW"] == "Yes"
    assert found[5]["extract_size"] == "64"
    assert found[5]["do_rescale"] == "No"
    assert found[5]["coords_suffix"].endswith("coords_suffix_autopick.star")
    assert (found[8]["nr_classes"], found[8]["particle_diameter"]) == ("3", "120")


def test_a_box_that_was_made_smaller_is_cut_and_rescaled() -> None:
    settings = extract_settings(replace(particles(), optics=OPTICS.binned(2.0)), "5")
    assert (settings["extract_size"], settings["rescale"], settings["do_rescale"]) == (
        128,
        64,
        True,
    )
    assert str(settings["coords_suffix"]).endswith("/autopick.star")
    assert settings["do_invert"] is True
    assert extract_settings(particles(), "5", {"invert": False})["do_invert"] is False


def test_all_frames_are_the_default() -> None:
    every = motion_settings(MOVIE, replace(MICROGRAPH, motion=None, frames=5), None, None)
    assert (every["first_frame_sum"], every["last_frame_sum"]) == (1, -1)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_head_is_that_of_the_version(tmp_path: Path, version: Version) -> None:
    write_settings(tmp_path / "job.star", JOBS[4], {"do_norm": True}, version)
    head = read_star(tmp_path / "job.star")["job"]
    assert ("rlnJobType" in head) == (version == "3.1")
    if version != "3.1":
        assert head.value("rlnJobTypeLabel") == "relion.extract"
    comment = "version 50001" if version == "5" else "version 30001"
    assert comment in (tmp_path / "job.star").read_text()
    assert options(tmp_path / "job.star") == {"do_norm": "Yes"}


def test_relion_knows_every_option(tmp_path: Path) -> None:
    """Its own program takes our files as the settings of new jobs, and warns of none."""
    if shutil.which("relion_pipeliner") is None:
        pytest.skip("RELION is not installed (Debian: relion)")
    (tmp_path / "default_pipeline.star").write_text(
        "\n# version 30001\n\ndata_pipeline_general\n\n_rlnPipeLineJobCounter 1\n\n"
    )
    for number, (job, settings) in enumerate(all_settings("3.1"), start=1):
        write_settings(tmp_path / "given.star", job, settings, "3.1")
        done = subprocess.run(
            ["relion_pipeliner", "--addJobFromStar", "given.star"],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "cannot find" not in done.stderr
        (made,) = tmp_path.glob(f"*/job{number:03d}/job.star")
        theirs = options(made)
        assert {name: theirs[name] for name in settings} == options(tmp_path / "given.star")
        assert made.parts[-3] == job.folder.split("/")[0]


def test_a_diameter_that_nobody_knows_is_not_handed_over() -> None:
    known = picking_settings(picks())
    assert known["log_diam_min"] == known["log_diam_max"] == picks().diameter
    unknown = picking_settings(replace(picks(), diameter_known=False))
    assert unknown == {k: v for k, v in known.items() if not k.startswith("log_diam")}
