"""Hand a session over to archives and catalogues, each in the form that it asks for."""

from icestream.exports.deposit.bibtex import export_bibtex
from icestream.exports.deposit.empiar import export_empiar
from icestream.exports.deposit.make import DEPOSITS, make_deposit
from icestream.exports.deposit.mmcif import export_mmcif
from icestream.exports.deposit.osc_em import export_osc_em
from icestream.exports.deposit.ro_crate import export_ro_crate

__all__ = [
    "DEPOSITS",
    "export_bibtex",
    "export_empiar",
    "export_mmcif",
    "export_osc_em",
    "export_ro_crate",
    "make_deposit",
]
