"""Hand a session over to archives and catalogues, each in the form that it asks for."""

from icestream.exports.deposit.bibtex import export_bibtex
from icestream.exports.deposit.make import DEPOSITS, make_deposit

__all__ = ["DEPOSITS", "export_bibtex", "make_deposit"]
