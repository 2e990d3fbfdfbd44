"""How every figure of the gallery looks: one palette, one size of type, letters, scale bars.

The colours are those of Okabe & Ito (<https://jfly.uni-koeln.de/color/>), which people who see
fewer colours tell apart. Each stands for one thing on all pages.
"""

import sys
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import numpy as np
import PIL.Image

mpl.use("Agg")
from matplotlib import patheffects
from matplotlib import pyplot as plt

TRUTH = "#000000"
"""Black: what is true, in simulations."""
FOUND = "#0072B2"
"""Blue: what icestream found or measured."""
SECOND = "#E69F00"
"""Orange: a second thing that it found, beside the first."""
FITTED = "#D55E00"
"""Vermilion: a model that was fitted to what was measured."""
OTHER = "#7F7F7F"
"""Grey: another way of doing it, and what could not be told."""
GOAL = "#009E73"
"""Green: a bar to be reached, and what is right."""
PEOPLE = "#56B4E9"
"""Sky blue: what people said."""
WRONG = "#CC79A7"
"""Purple: what is wrong, or defective."""

WIDTH = 7.2
"""Inches: the text of a page is as wide, so type of 8 points can be read."""
DOTS = 160
"""To the inch."""

mpl.rcParams.update(
    {
        "font.size": 8,
        "axes.titlesize": 8,
        "axes.labelsize": 8,
        "xtick.labelsize": 7,
        "ytick.labelsize": 7,
        "legend.fontsize": 7,
        "legend.frameon": False,
        "axes.linewidth": 0.7,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "lines.linewidth": 1.2,
        "figure.constrained_layout.w_pad": 0.05,
        "figure.constrained_layout.h_pad": 0.05,
    }
)

TRIED = "--try" in sys.argv
"""Whether a figure is only tried, as tests do: with little data, in a fraction of the time."""


def some(all_, few):
    """How much of something a figure is drawn with: `few` where it is only tried."""
    return few if TRIED else all_


def begin(height):
    """A figure as wide as the page, and so many inches high."""
    return plt.figure(figsize=(WIDTH, height), layout="constrained")


def title(axes, letter, text=""):
    """The letter of a panel, and what it shows; no letter where it is empty."""
    bold = rf"$\bf{{{letter}}}$  " if letter else ""
    return axes.set_title(bold + text, loc="left")


def picture(axes, image, pixel_size=0.0, bar=0, *, limits=None, cut=(0.5, 99.5)):
    """An image in grey, with a bar of so many Å where its pixels have a size.

    The greys reach from one percentile of the image to another, or between `limits`.
    """
    low, high = limits or np.percentile(image[np.isfinite(image)], cut)
    shown = axes.imshow(image, cmap="gray", vmin=low, vmax=high)
    axes.set(xticks=[], yticks=[])
    for side in axes.spines.values():
        side.set_visible(False)
    if bar:
        scale_bar(axes, bar / pixel_size, f"{bar} Å" if bar < 1000 else f"{bar / 1e4:g} µm")
    return shown


def scale_bar(axes, length, text=""):
    """A bar of so many pixels in the lower left corner, with its length above it."""
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    start, height = left + 0.05 * (right - left), bottom + 0.06 * (top - bottom)
    outline = [patheffects.withStroke(linewidth=2.5, foreground="black")]
    style = {"color": "white", "lw": 2.0, "solid_capstyle": "butt"}
    axes.plot(
        [start, start + length],
        [height, height],
        path_effects=[patheffects.withStroke(linewidth=3.5, foreground="black")],
        zorder=5,
        **style,
    )
    axes.text(
        start,
        height + 0.025 * (top - bottom),
        text,
        color="white",
        fontsize=7,
        va="bottom",
        zorder=5,
        path_effects=outline,
    )
    axes.set(xlim=(left, right), ylim=(bottom, top))


def save(figure, target):
    """Write a PNG of 256 colours, which these figures need and no more."""
    buffer = BytesIO()
    figure.savefig(buffer, dpi=DOTS, format="png")
    image = PIL.Image.open(buffer).convert("RGB")
    image.quantize(256, dither=PIL.Image.Dither.NONE).save(Path(target), optimize=True)
