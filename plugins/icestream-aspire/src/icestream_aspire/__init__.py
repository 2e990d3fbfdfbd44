"""ASPIRE as protocols of icestream: run as a program, never imported, since its licence is GPL."""
