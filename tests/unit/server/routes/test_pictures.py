"""Pictures at the size and contrast that are asked for; what cannot be shown is said."""

import io
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from icestream.store import queries
from report_session import SampleSession


def image_of(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))


@pytest.fixture
def micrograph(full: SampleSession) -> int:
    """Number of the result that holds the micrograph whose file is there."""
    name = queries.exposures(full.store, limit=1, state="done")[0].name
    return queries.results_of(full.store, name)["align"].id


def test_a_result_lists_its_pictures(asked: TestClient, base: str, micrograph: int) -> None:
    said = asked.get(f"{base}/results/{micrograph}").json()
    assert (said["step"], said["revision"], said["passed"]) == ("align", 1, True)
    thumbnail, tracks, whole = said["pictures"]
    assert thumbnail["role"] == "micrograph"
    assert thumbnail["width"] == 1024 * 1.5
    assert tracks["title"] == "Motion over the field"
    assert (whole["role"], whole["shape"]) == ("image", [1024, 1024])
    assert thumbnail["tiles"] is None
    for one in said["pictures"]:
        answer = asked.get(one["url"])
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        assert "immutable" in answer.headers["cache-control"]


def test_size_contrast_and_lowpass(asked: TestClient, base: str, micrograph: int) -> None:
    url = f"{base}/results/{micrograph}/pictures/micrograph/2.png"
    plain = image_of(asked.get(url, params={"size": 512}).content)
    assert plain.shape == (512, 512)
    hard = image_of(asked.get(url, params={"size": 512, "contrast": 0.5}).content)
    assert (hard == 255).mean() > 0.2 > (plain == 255).mean()
    smooth = image_of(asked.get(url, params={"size": 512, "lowpass": 60}).content)
    rough = np.abs(np.diff(plain.astype(float), axis=1)).mean()
    assert np.abs(np.diff(smooth.astype(float), axis=1)).mean() < 0.3 * rough


def test_a_browser_that_has_it_is_sent_nothing(
    asked: TestClient, base: str, micrograph: int
) -> None:
    url = f"{base}/results/{micrograph}/pictures/micrograph/2.png"
    tag = asked.get(url).headers["etag"]
    again = asked.get(url, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert asked.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


def test_tiles_make_up_the_image(asked: TestClient, base: str, micrograph: int) -> None:
    url = f"{base}/results/{micrograph}/pictures/micrograph/2"
    size = ElementTree.fromstring(asked.get(f"{url}.dzi").text)[0]
    assert (size.get("Width"), size.get("Height")) == ("1024", "1024")
    rows = [
        np.hstack([image_of(asked.get(f"{url}_files/10/{x}_{y}.png").content) for x in (0, 1)])
        for y in (0, 1)
    ]
    whole = image_of(asked.get(f"{url}.png", params={"size": 1024}).content)
    assert np.array_equal(np.vstack(rows), whole)
    assert image_of(asked.get(f"{url}_files/0/0_0.png").content).shape == (1, 1)
    for tile in ("10/2_0", "11/0_0"):
        refused = asked.get(f"{url}_files/{tile}.png")
        assert refused.status_code == 404
        assert refused.json()["message"].startswith("no ")
    assert asked.get(f"{url}_files/10/a_b.png").status_code == 422


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("results/99999/pictures/micrograph/0.png", 404, "no result 99999"),
        ("results/{0}/pictures/gone/0.png", 404, "no picture gone/0 in result"),
        ("results/{0}/pictures/micrograph/9.png", 404, "micrograph/2 (Micrograph at its full"),
        ("results/{0}/pictures/micrograph/2.png?size=9999", 422, "not valid"),
        ("results/{0}/pictures/micrograph/2.png?contrast=no", 422, "not valid"),
        ("results/x/pictures/micrograph/2.png", 422, "not valid"),
        ("results/{0}/pictures/micrograph/1.png?lowpass=20", 422, "known size"),
    ],
)
def test_what_cannot_be_shown_is_said(
    asked: TestClient, base: str, micrograph: int, path: str, status: int, words: str
) -> None:
    answer = asked.get(f"{base}/{path.format(micrograph)}")
    assert answer.status_code == status
    assert words in answer.json()["message"]


def test_a_file_that_is_gone_or_broken(
    asked: TestClient, base: str, micrograph: int, full: SampleSession
) -> None:
    (path,) = (full.folder / "work").glob("*.mrc")
    url = f"{base}/results/{micrograph}/pictures/micrograph/2.png"
    path.write_bytes(b"no image" * 1000)
    broken = asked.get(url)
    assert broken.status_code == 422
    assert "expected" in broken.json()["message"]
    path.unlink()
    gone = asked.get(url)
    assert gone.status_code == 404
    assert "gone" in gone.json()["message"]


def test_a_link_out_of_the_roots_is_not_followed(
    asked: TestClient, base: str, micrograph: int, full: SampleSession, tmp_path: Path
) -> None:
    (path,) = (full.folder / "work").glob("*.mrc")
    elsewhere = tmp_path / "elsewhere.mrc"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    refused = asked.get(f"{base}/results/{micrograph}/pictures/micrograph/2.png")
    assert refused.status_code == 403
    assert "outside of the session" in refused.json()["message"]
