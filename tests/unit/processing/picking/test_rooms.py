import numpy as np

from icestream.processing.picking.ground import Ground
from icestream.processing.picking.peaks import Peaks
from icestream.processing.picking.rooms import one_each, rod_stencil


def ground(flat: np.ndarray) -> Ground:
    return Ground(
        flat=flat.astype(np.float32),
        usable=np.ones(flat.shape, bool),
        factor=1,
        pixel_size=5.0,
        shape=(flat.shape[0], flat.shape[1]),
        rim=0.0,
        foreign=np.zeros(flat.shape, bool),
    )


LONG, SHORT, ACROSS = (
    rod_stencil(31.0, 7.0, 0.0),
    rod_stencil(13.0, 7.0, 0.0),
    rod_stencil(31.0, 7.0, np.pi / 2),
)
FORMS = (LONG, SHORT, ACROSS)


def kept(flat: np.ndarray, *peaks: tuple[float, float, int]) -> list[bool]:
    """Of (x, y, form), the best first."""
    x, y, which = (list(values) for values in zip(*peaks, strict=True))
    found = Peaks(np.array(x, float), np.array(y, float), np.arange(len(x), 0, -1.0))
    form = FORMS.__getitem__
    return one_each(ground(flat), found, [int(w) for w in which], form, form).tolist()


def drawn(*rods: tuple[int, int, int]) -> np.ndarray:
    """Rods (x, y, form) of height 1."""
    flat = np.zeros((120, 120))
    for x, y, form in rods:
        reach = FORMS[form].shape[0] // 2
        flat[y - reach : y + reach + 1, x - reach : x + reach + 1] += FORMS[form]
    return flat


def test_a_stencil_is_a_rod_with_its_middle_in_the_middle() -> None:
    assert LONG.shape[0] % 2 == 1
    np.testing.assert_array_equal(LONG, LONG[::-1, ::-1])
    np.testing.assert_array_equal(LONG.T, ACROSS)
    assert LONG.any(axis=0).sum() == 31
    assert LONG.any(axis=1).sum() == 7
    disc = rod_stencil(3.0, 9.0, 1.0)
    np.testing.assert_array_equal(disc, disc.T)


def test_a_rod_is_found_once_and_not_in_pieces() -> None:
    assert kept(drawn((60, 60, 0)), (60, 60, 0), (50, 60, 1), (70, 60, 1), (72, 60, 0)) == [
        True,
        False,
        False,
        False,
    ]


def test_rods_side_by_side_and_across_are_two() -> None:
    beside = drawn((60, 60, 0), (60, 68, 0))
    assert kept(beside, (60, 60, 0), (60, 68, 0)) == [True, True]
    crossed = drawn((60, 60, 0), (60, 60, 2))
    assert kept(crossed, (60, 60, 0), (60, 60, 2))[0]
    touching = drawn((60, 60, 0), (78, 70, 2))
    assert kept(touching, (60, 60, 0), (78, 70, 2)) == [True, True]


def test_what_lies_between_two_rods_is_none() -> None:
    flat = drawn((40, 60, 0), (80, 60, 0))
    assert kept(flat, (40, 60, 0), (80, 60, 0), (60, 60, 0)) == [True, True, False]


def test_at_the_edge_of_the_image() -> None:
    flat = np.pad(drawn((60, 60, 0)), 3)[63:, 63:]
    assert kept(flat, (0, 0, 0), (9, 0, 0)) == [True, False]
