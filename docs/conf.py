"""Sphinx: how the documentation is built (`make docs`)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from icestream import __version__

project = "icestream"
author = "The icestream developers"
copyright = "The icestream developers, BSD-3-Clause"  # noqa: A001
release = version = __version__

extensions = ["myst_parser", "generated_pages", "mathml"]
myst_enable_extensions = ["deflist", "dollarmath", "colon_fence", "attrs_inline"]
myst_heading_anchors = 3
nitpicky = True

html_math_renderer = "mathml"
html_theme = "furo"
html_title = "icestream"
exclude_patterns = ["_build", "_ext", "reference/generated", "gallery/measured"]
