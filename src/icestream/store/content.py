"""What a file holds, as a short text that is another when anything in it is another."""

import hashlib
from io import BufferedReader

__all__ = ["content_hash"]


def content_hash(file: BufferedReader) -> str:
    """BLAKE2b of 128 bits, in hexadecimal: what ``b2sum --length 128`` says of the file."""
    return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
