"""What a facility needs around its sessions: bookings, places, transfer, results, money, memory.

All of it is optional, and configured in one file: see `icestream.facility.file`.
"""
