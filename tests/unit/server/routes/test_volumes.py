"""Maps: sections, voxels, curves; what is not there is said."""

import io
import json

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from report_session import SampleSession


def image_of(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))


def test_all_that_is_known_of_a_map(asked: TestClient, base: str) -> None:
    said = asked.get(f"{base}/volumes").json()
    volume = said["volume"]
    assert (said["step"], said["title"]) == ("volume", "First 3D map")
    assert (volume["symmetry"], volume["resolution"], volume["parts"]) == ("O", 11.4, ["map"])
    assert volume["reached"] == "11.4 Å"
    assert [one["update"] for one in said["updates"]] == [2]
    fsc = asked.get(f"{base}/results/{said['result']}/fsc/volume").json()
    assert fsc == volume["fsc"]
    assert fsc["frequency"][0] == pytest.approx(1 / (64 * 3.0))
    assert len(fsc["frequency"]) == len(fsc["correlation"]) == 32
    assert asked.get(said["picture"]).status_code == 200


def test_sections_share_their_greys(asked: TestClient, base: str) -> None:
    url = asked.get(f"{base}/volumes").json()["sections"]
    bright = image_of(asked.get(url, params={"axis": "z", "at": 32}).content)
    plain = image_of(asked.get(url, params={"axis": "z", "at": 3}).content)
    assert bright.shape == (64, 64)
    assert bright.mean() > plain.mean() + 80
    across = image_of(asked.get(url, params={"axis": "x"}).content)
    assert across[32].mean() > across[10].mean() + 80


def test_voxels_as_bytes(asked: TestClient, base: str) -> None:
    answer = asked.get(asked.get(f"{base}/volumes").json()["cube"])
    about = json.loads(answer.headers["x-icestream-volume"])
    assert about["shape"] == [64, 64, 64]
    assert about["voxel_size"] == 3.0
    voxels = np.frombuffer(answer.content, dtype=np.uint8).reshape(about["shape"])
    density = about["low"] + voxels / 255 * (about["high"] - about["low"])
    assert density[32].mean() == pytest.approx(9.0, abs=0.1)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("sections/volume.png?axis=w", 422, "not valid"),
        ("sections/volume.png?at=64", 404, "the volume has 0 to 63"),
        ("sections/volume.png?at=-1", 422, "not valid"),
        ("sections/other.png", 404, "has no map at port other"),
        ("sections/volume.png?part=half1", 404, "no half1 in this snapshot"),
        ("volume/volume?part=mirrored", 404, "there is map"),
        ("fsc/other", 404, "has no map at port other"),
    ],
)
def test_what_is_not_there_is_said(
    asked: TestClient, base: str, path: str, status: int, words: str
) -> None:
    number = asked.get(f"{base}/volumes").json()["result"]
    answer = asked.get(f"{base}/results/{number}/{path}")
    assert (answer.status_code, words in answer.json()["message"]) == (status, True)


def test_other_results_hold_no_map(asked: TestClient, base: str, full: SampleSession) -> None:
    assert asked.get(f"{base}/results/1/fsc/movie").status_code == 404
    assert asked.get(f"{base}/volumes", params={"at": 9}).json()["advice"] == "there are 2"
    said = asked.get(f"{base}/volumes").json()
    (full.folder / "pool" / "map.mrc").write_bytes(b"nothing")
    assert asked.get(said["sections"]).status_code == 422
    (full.folder / "pool" / "map.mrc").unlink()
    assert asked.get(said["cube"]).status_code == 404
