"""Seeing that what an export hands over is what the session has."""

from icestream.exports.verify.verify import CheckedList, verify_export

__all__ = ["CheckedList", "verify_export"]
