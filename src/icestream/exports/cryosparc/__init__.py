"""Handing a session over to CryoSPARC."""

from icestream.exports.cryosparc.export import export_cryosparc
from icestream.exports.cryosparc.summary import CryosparcSummary, cryosparc_sentences

__all__ = ["CryosparcSummary", "cryosparc_sentences", "export_cryosparc"]
