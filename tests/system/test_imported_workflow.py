"""A facility's template of Scipion is imported, and runs on a simulated session."""

import os
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from icestream.engine.graph.workflow import load_workflow, save_workflow
from icestream.store import queries
from icestream.store.open import open_store
from microscope_folder import MOVIES, movies_in


def icestream(folder: Path, *words: str, status: int = 0) -> str:
    environment = {**os.environ, "ICESTREAM_STATE": str(folder / "state")}
    done = subprocess.run(
        [sys.executable, "-m", "icestream", *words],
        capture_output=True, text=True, timeout=240, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_a_facility_template_of_scipion_runs(shared_data: Path, tmp_path: Path) -> None:
    movies = movies_in(tmp_path)
    file, session = tmp_path / "w.json", tmp_path / "S"
    template = shared_data / "scipion_workflows" / "facility_SPA_streaming.json.template"
    said = icestream(tmp_path, "workflow", "import", str(template), "--out", str(file), "--own")
    assert re.search(r"\d+ exactly, \d+ approximately, 6 not mapped", said)
    # The reference of this camera lies as the frames do; that of the template is turned. How full
    # the disk of this machine is, is no matter of the template.
    made = load_workflow(file).changed("import", {"gain_rotation": 0})
    save_workflow(made.changed("machine", {"disk_free_min": 0}), file)
    fill = [
        f"--fill=movies_path={movies}",
        "--fill=files_pattern=**/*_Fractions.tiff",
        "--fill=streaming_import=no",
        "--fill=resolution=100",
    ]
    run = ("run", str(file), "--session", str(session), "--no-report", "--as-given")
    refused = icestream(tmp_path, *run, *fill, status=2)
    assert "step 'cryoassess_mics': holds the place of CryoassessProtMics of Scipion" in refused
    assert "--without-placeholders" in refused
    assert not session.exists()
    missing = icestream(tmp_path, *run, "--without-placeholders", status=2)
    assert "blank 'movies_path' (Movie's folder) is not filled" in missing
    said = icestream(tmp_path, *run, *fill, "--without-placeholders")
    assert "sampling is 1.5 Å: EPU's" in said, "the metadata go before the template's default"
    assert "'classify_2' (classes2d.online) cannot run without xmipp_center_particles" in said
    with closing(open_store(session, readonly=True)) as store:
        steps = {step.name: step for step in queries.steps(store)}
        assert {step.state for step in steps.values()} == {"done"}
        for name in ("import", "align", "ctf", "select", "pick", "picks_log", "extract"):
            assert steps[name].counts.done == MOVIES, name
        assert not [one for one in queries.alerts(store) if one.level == "critical"]
