"""What was done to places and images; whole exports that are spoilt are in test_verify."""

from collections.abc import Callable

import numpy as np

from icestream.exports.verify.explain import Stray, explain_images, explain_places

FIELD = np.random.default_rng(2).normal(0, 1, (100, 140)).astype(np.float32)
PLACES = ((30, 40), (60, 100), (50, 20), (70, 75))


def strays(said: Callable[[int, int], tuple[int, int]], sign: int = 1) -> list[Stray]:
    return [
        Stray(
            x=said(y, x)[1], y=said(y, x)[0], scale=1.0, field=FIELD,
            image=FIELD[y - 12 : y + 12, x - 12 : x + 12], sign=sign,
        )
        for y, x in PLACES
    ]  # fmt: skip


def test_places() -> None:
    assert explain_places(strays(lambda y, x: (y, 139 - x))) == (
        "the coordinates are mirrored along x"
    )
    assert explain_places(strays(lambda y, x: (x, 99 - y))) == (
        "the coordinates are exchanged in x and y and mirrored along y"
    )
    assert explain_places(strays(lambda y, x: (99 - y, x + 6), -1)) == (
        "the coordinates are mirrored along y, and they lie -6 (x) and +0 (y) pixels farther, and "
        "the contrast is inverted"
    )
    scattered = dict(zip(PLACES, ((3, 80), (90, 7), (5, 5), (40, 130)), strict=True))
    assert "nothing in common" in explain_places(strays(lambda y, x: scattered[y, x]))
    assert "look otherwise" in explain_places(strays(lambda y, x: (y, x)))


def test_images_that_are_not_there() -> None:
    other = np.random.default_rng(3).normal(0, 1, (24, 24)).astype(np.float32)
    stray = Stray(x=5, y=5, scale=1.0, field=FIELD, image=other, sign=1)
    assert explain_places([stray] * 4).startswith("they are nowhere")


def test_images() -> None:
    image = FIELD[:24, :24]
    assert explain_images([image], [-image]) == "the contrast is inverted"
    mirrored = np.roll(image[:, ::-1], 1, axis=1)
    assert explain_images([image], [mirrored]) == "they are mirrored along x"
    assert explain_images([image], [FIELD[24:48, :24]]) == "they are others, or of other pixels"
    assert explain_images([image], [FIELD[:20, :20]]) == "they are others, or of other pixels"
