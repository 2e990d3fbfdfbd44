import numpy as np

from icestream.processing.backend import cpu


def harmonics_of(spectra):
    """Of the Hartley rings ``Re F + Im F``."""
    front, back = spectra.real + spectra.imag, spectra.real - spectra.imag
    return cpu.rfft(np.concatenate([front, back], axis=-1))


def test_samples_on_the_axes_are_those_of_the_plain_transform():
    images = np.random.default_rng(3).normal(size=(2, 16, 16)).astype(np.float32)
    polar = cpu.polar_transform(images, 5, 24)
    plain = np.fft.fft2(np.fft.ifftshift(images, axes=(1, 2))) / 16
    assert polar.shape == (2, 5, 12)
    for ring in range(1, 6):
        np.testing.assert_allclose(polar[:, ring - 1, 0], plain[:, 0, ring], atol=1e-5)
        np.testing.assert_allclose(polar[:, ring - 1, 6], plain[:, ring, 0], atol=1e-5)


def test_the_other_quarter_of_the_circle_is_that_of_the_image_reversed_in_x():
    image = np.random.default_rng(6).normal(size=(1, 16, 16)).astype(np.float32)
    image[:, 0] = image[:, :, 0] = 0.0  # pixels that have no mirror image
    reversed_ = np.roll(image[:, :, ::-1], 1, axis=2)
    plain, mirrored = cpu.polar_transform(image, 5, 24), cpu.polar_transform(reversed_, 5, 24)
    np.testing.assert_allclose(mirrored[..., 1:6], plain[..., 11:6:-1], atol=1e-5)


def test_white_noise_keeps_its_variance_on_the_rings():
    noise = np.random.default_rng(7).normal(size=(400, 16, 16)).astype(np.float32)
    power = (np.abs(cpu.polar_transform(noise, 7, 32)) ** 2).mean(axis=(0, 2))
    np.testing.assert_allclose(power, 1, rtol=0.1)


def test_images_come_back_from_their_rings():
    y, x = np.mgrid[:32, :32] - 16
    wave = np.exp(-(y**2 + (x - 3) ** 2) / 18.0) * np.cos(0.8 * x + 0.4 * y)
    spectra = cpu.polar_transform(wave[None].astype(np.float32), 14, 96)
    circles = np.concatenate([spectra.real + spectra.imag, spectra.real - spectra.imag], axis=-1)
    again = cpu.polar_images(circles.astype(np.float32), 32)[0]
    assert np.corrcoef(again.ravel(), wave.ravel())[0, 1] > 0.999


def test_a_turned_image_scores_best_at_its_turn():
    rng = np.random.default_rng(4)
    spectra = rng.normal(size=(3, 6, 12)) + 1j * rng.normal(size=(3, 6, 12))
    references = harmonics_of(spectra.astype(np.complex64))
    turn = 2 * np.pi * 5 / 24
    turned = references * np.exp(-1j * np.arange(13) * turn)
    score = cpu.score(turned[:, None].astype(np.complex64), references, 24)
    assert score.shape == (3, 1, 3, 24)
    assert [np.unravel_index(each.argmax(), (3, 24)) for each in score[:, 0]] == [
        (0, 5),
        (1, 5),
        (2, 5),
    ]


def test_the_score_without_turn_is_the_inner_product_of_the_rings():
    rng = np.random.default_rng(5)
    circles = rng.normal(size=(4, 6, 24)).astype(np.float32)
    harmonics = cpu.rfft(circles)
    score = cpu.score(harmonics[:1, None], harmonics[1:], 24)
    inner = np.einsum("ra,kra->k", circles[0], circles[1:])
    np.testing.assert_allclose(score[0, 0, :, 0], inner, rtol=1e-4, atol=1e-4)
