import numpy as np
import pytest

from icestream.processing.picking.discs import disc_responses
from icestream.processing.picking.ground import Ground


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


def test_noise_has_a_response_of_its_own_deviation() -> None:
    noise = ground(np.random.default_rng(1).standard_normal((300, 300)))
    for response in disc_responses(noise, (60.0, 150.0)):
        assert response.std() == pytest.approx(1.0, abs=0.1)


def test_a_disc_answers_most_to_its_own_size_at_its_middle() -> None:
    y, x = np.indices((121, 121))
    flat = (np.hypot(y - 70, x - 50) * 5.0 < 60).astype(float)
    sizes = (60.0, 90.0, 120.0, 160.0, 210.0)
    responses = list(disc_responses(ground(flat), sizes))
    highest = [response.max() for response in responses]
    assert sizes[int(np.argmax(highest))] == 120.0
    assert np.unravel_index(responses[2].argmax(), flat.shape) == (70, 50)


def test_an_even_level_has_none() -> None:
    (response,) = disc_responses(ground(np.full((80, 90), 7.0)), (100.0,))
    assert np.abs(response).max() < 1e-3
