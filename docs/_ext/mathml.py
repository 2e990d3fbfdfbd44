"""Formulas as MathML, made when the pages are built: browsers show them without any network."""

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert


def _inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(translator.starttag(node, "p", ""))
    translator.body.append(convert(node.astext(), display="block"))
    translator.body.append("</p>\n")
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Make it a choice for `html_math_renderer`."""
    app.add_html_math_renderer(
        "mathml", inline_renderers=(_inline, None), block_renderers=(_block, None)
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
