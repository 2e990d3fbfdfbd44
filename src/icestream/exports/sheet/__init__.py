"""A session on paper: a PDF of a few pages for a user's notebook, with a methods section."""

from icestream.exports.sheet.write import Surroundings, export_sheet, methods_text

__all__ = ["Surroundings", "export_sheet", "methods_text"]
