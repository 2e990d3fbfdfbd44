"""An invoice as a PDF or a picture, set by typst from the document alone."""

import base64
import json
import tempfile
from importlib.resources import files
from pathlib import Path

from icestream.facility.money.document import Document, digest_of
from icestream.facility.money.kinds import MoneyRefusal
from icestream.facility.money.shown import shown
from icestream.whole import written_whole

__all__ = ["write_paper"]


def write_paper(document: Document, out: Path, layout: Path | None = None) -> None:
    """Set an invoice, a credit note or a draft as the PDF `out`, or as a PNG of its first page.

    Parameters
    ----------
    document
        As it was issued.
    out
        The file; an older one is replaced when the new one is whole.
    layout
        A site's own template, which reads ``invoice.json`` as the one of icestream does.
    """
    import typst  # heavy, and only a document on paper needs it

    told = shown({**document, "digest": digest_of(document) if "number" in document else ""})
    with tempfile.TemporaryDirectory(prefix="icestream-invoice-") as name:
        folder = Path(name)
        told["logo"] = _logo(document, folder)
        (folder / "invoice.json").write_text(json.dumps(told))
        template = folder / "invoice.typ"
        template.write_bytes(_layout(layout))
        out.parent.mkdir(parents=True, exist_ok=True)
        picture = out.suffix.lower() == ".png"
        with written_whole(out) as unfinished:
            made = folder / ("page-{p}.png" if picture else "invoice.pdf")
            try:
                typst.compile(
                    str(template), output=str(made), root=name, ignore_system_fonts=True,
                    format="png" if picture else "pdf", ppi=144.0 if picture else None,
                )  # fmt: skip
            except RuntimeError as error:
                by = f"the template {layout}" if layout is not None else "the template"
                raise MoneyRefusal(f"{by} cannot be set: {error}") from error
            first = min(folder.glob("page-*.png")) if picture else made
            unfinished.write_bytes(first.read_bytes())


def _layout(layout: Path | None) -> bytes:
    if layout is None:
        return files("icestream.facility.money").joinpath("invoice.typ").read_bytes()
    try:
        return layout.read_bytes()
    except OSError as error:
        raise MoneyRefusal(f"the template {layout}: {error.strerror}") from None


def _logo(document: Document, folder: Path) -> str:
    held = document["logo"]
    if held is None:
        return ""
    name = f"logo{held['suffix']}"
    (folder / name).write_bytes(base64.b64decode(held["data"]))
    return name
