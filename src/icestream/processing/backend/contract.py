"""What the operations do: shapes, units and conventions, the same on the CPU and on a GPU."""

from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from icestream.model.arrays import Image, Stack

__all__ = ["Operations", "Warp"]


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """How the tiles of frames are moved, and what each frame counts in each sum."""

    shifts: NDArray[Any]
    """``(n, rows, columns, 2)`` float32 (dy, dx) in pixels, added to the coordinates of a tile."""
    factors: NDArray[Any]
    """``(sums, n)`` float32."""
    tile: int
    """Pixels along each side of a tile."""


class Operations(Protocol):
    """Operations on arrays of one library.

    Real data are float32 and spectra complex64; counts may be of any integer type or float32.
    Results are new arrays of the same library, but for `warp_accumulate`, which adds to one.
    `threads` bounds the threads on the CPU; a GPU has no use for it.
    """

    @property
    def xp(self) -> Any:
        """The array library, numpy or CuPy."""

    def rfft2(self, images: NDArray[Any], *, threads: int = 1) -> NDArray[Any]:
        """Half spectra ``(..., y, x // 2 + 1)`` of real images ``(..., y, x)``, not scaled."""

    def irfft2(
        self, spectra: NDArray[Any], shape: tuple[int, int], *, threads: int = 1
    ) -> NDArray[Any]:
        """Real images ``(..., *shape)`` of half spectra, divided by the number of pixels."""

    def rfft(self, values: NDArray[Any]) -> NDArray[Any]:
        """Short transforms ``(..., n // 2 + 1)`` along the last axis of ``(..., n)``."""

    def irfft(self, spectra: NDArray[Any], size: int) -> NDArray[Any]:
        """Inverse of `rfft`: ``(..., size)``, divided by `size`."""

    def matmul(self, left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
        """Product of matrices, or of stacks of matrices: ``(..., a, b)`` by ``(..., b, c)``."""

    def bin_frames(
        self, frames: NDArray[Any], gain: Image, factor: int, *, threads: int = 1
    ) -> Stack:
        """Gain-corrected frames summed over blocks of pixels.

        Parameters
        ----------
        frames
            ``(n, y, x)`` raw counts.
        gain
            ``(y, x)`` float32, multiplied with every frame.
        factor
            Pixels along each side of a block; rows and columns left over are dropped.

        Returns
        -------
        ``(n, y // factor, x // factor)`` float32.
        """

    def warp_accumulate(
        self,
        sums: Stack,
        frames: NDArray[Any],
        gain: Image,
        warp: Warp,
        *,
        threads: int = 1,
    ) -> None:
        """Add gain-corrected frames, each tile moved by its shift, to weighted sums, in place.

        Each pixel is interpolated by the 6 x 6 taps of the quintic B-spline, which damps high
        frequencies; `spline_taps` tells by how much. The frame is mirrored beyond its borders.

        Parameters
        ----------
        sums
            ``(sums, y, x)`` float32; changed.
        frames
            ``(n, y, x)`` raw counts.
        gain
            ``(y, x)`` float32.
        warp
            Shifts of the tiles and weights of the frames.

        References
        ----------
        Unser (1999), doi:10.1109/79.799930
        """

    def gather_patches(self, images: NDArray[Any], corners: NDArray[Any], side: int) -> Stack:
        """Squares cut out of images, ``(patches, ..., side, side)`` float32.

        Parameters
        ----------
        images
            ``(..., y, x)``.
        corners
            ``(patches, 2)`` first pixel (y, x) of each; a numpy array everywhere.
        side
            Pixels.

        Raises
        ------
        ValueError
            If a patch does not lie inside the images.
        """

    def shift_and_sum(
        self,
        spectra: NDArray[Any],
        frequency: tuple[NDArray[Any], NDArray[Any]],
        shifts: NDArray[Any],
        weights: NDArray[Any] | None = None,
    ) -> NDArray[Any]:
        """Weighted sum of half spectra, each multiplied by the phases that move its image.

        Parameters
        ----------
        spectra
            ``(n, ky, kx)`` complex64.
        frequency
            ky and kx along the axes, in cycles per unit of the shifts; numpy arrays everywhere.
        shifts
            ``(n, 2)`` (dy, dx), added to the coordinates of the image; a numpy array everywhere.
        weights
            ``(n,)``; None weighs all alike. A numpy array everywhere.

        Returns
        -------
        ``(ky, kx)`` complex64.
        """

    def peak(self, maps: Stack, radius: float) -> tuple[NDArray[Any], NDArray[Any]]:
        """Highest place of each correlation map near its origin, between pixels.

        Parameters
        ----------
        maps
            ``(n, y, x)``, periodic, origin at pixel (0, 0).
        radius
            Pixels from the origin within which peaks are looked for; at least 1.5 is used.

        Returns
        -------
        places
            ``(n, 2)`` (dy, dx) from the origin, float64: the top of the quadratic surface that
            fits best through the 3 x 3 values around the highest one, at most a pixel from it.
        heights
            ``(n,)`` value of the highest pixel.
        """

    def ctf_image(
        self,
        shape: tuple[int, int],
        pixel_size: float,
        defoci: NDArray[Any],
        lens: tuple[float, float],
    ) -> Stack:
        """Contrast transfer functions ``-sin(chi)`` on the half spectrum, without envelope.

        ``chi = pi lambda s² (z(theta) - lambda² s² Cs / 2) + phase`` with
        ``z = mean + along cos 2 theta + across sin 2 theta``, theta from +x towards increasing y.

        Parameters
        ----------
        shape
            (y, x) pixels of the images.
        pixel_size
            Å.
        defoci
            ``(n, 4)``: mean defocus, and half the astigmatism as (along, across), in Å, underfocus
            positive; phase shift with that of the amplitude contrast, radians. Decides, as the
            array that it is, where the result lies.
        lens
            Wavelength and spherical aberration, both in Å.

        Returns
        -------
        ``(n, y, x // 2 + 1)`` float32.

        References
        ----------
        Rohou & Grigorieff (2015), doi:10.1016/j.jsb.2015.08.008
        """

    def radial_mean(self, images: NDArray[Any], ring: NDArray[Any], count: int) -> NDArray[Any]:
        """Mean of images over rings.

        Parameters
        ----------
        images
            ``(..., y, x)`` real.
        ring
            ``(y, x)`` integers: ring that each pixel belongs to; what is outside 0 to
            ``count - 1`` is left out.

        Returns
        -------
        ``(..., count)`` float64, NaN for a ring without pixels.
        """

    def polar_transform(self, images: Stack, rings: int, angles: int) -> NDArray[Any]:
        """Fourier transforms ``(n, rings, angles // 2)`` of square images on half circles.

        Exact. Radii are 1 to `rings` Fourier pixels, directions go from +x towards +y, `angles`
        of them on a whole circle, a multiple of 4. The origin of the image is pixel ``box // 2``;
        the transform is unitary on the Cartesian grid.
        """

    def polar_images(self, circles: NDArray[Any], box: int) -> Stack:
        """Images ``(n, box, box)`` whose Hartley rings ``Re F + Im F`` are given.

        Quadrature over the area of Fourier space: the inverse of `polar_transform` for images
        that are band-limited to the rings and have no mean.

        Parameters
        ----------
        circles
            ``(n, rings, angles)`` float32, whole circles.
        box
            Side of the images, pixels, even.
        """

    def score(self, harmonics: NDArray[Any], references: NDArray[Any], angles: int) -> NDArray[Any]:
        """Inner products of images with references turned by every angle.

        Parameters
        ----------
        harmonics
            ``(n, s, rings, orders)`` polar harmonics of n images moved in s ways, complex64.
        references
            ``(k, rings, orders)``, multiplied by the weight of each ring.
        angles
            Samples of a circle; ``orders`` is ``angles // 2 + 1``.

        Returns
        -------
        ``(n, s, k, angles)`` float32.
        """
