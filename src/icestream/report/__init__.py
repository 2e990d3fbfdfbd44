"""The live report: what a session measured, as pages."""

from icestream.report.writer import ReportWriter, write_report

__all__ = ["ReportWriter", "write_report"]
