"""Specimens by name or from files."""

import numpy as np
import pytest

from icestream.formats import write_mrc
from icestream.simulator.load import load_specimen


def test_generated_specimens_have_names():
    assert load_specimen("cage").name == "cage"


def test_a_pdb_file_may_be_compressed(shared_data):
    specimen = load_specimen(str(shared_data / "models" / "beta_galactosidase_5a1a.pdb.gz"))
    assert specimen.name == "beta_galactosidase_5a1a"
    assert specimen.diameter == pytest.approx(165, abs=15)


def test_a_map(tmp_path):
    z, y, x = np.mgrid[-12:12, -12:12, -12:12]
    ball = (z**2 + y**2 + x**2 < 64).astype(np.float32)
    write_mrc(tmp_path / "ball.mrc", ball, 3.0, volume=True)
    specimen = load_specimen(str(tmp_path / "ball.mrc"))
    assert specimen.name == "ball"
    assert specimen.diameter == pytest.approx(48.0, rel=0.1)


def test_what_is_neither_is_refused(tmp_path):
    with pytest.raises(ValueError, match="neither a generated specimen"):
        load_specimen("unobtainium")
    (tmp_path / "model.cif").write_text("data_")
    with pytest.raises(ValueError, match=r"expected \.pdb"):
        load_specimen(str(tmp_path / "model.cif"))
