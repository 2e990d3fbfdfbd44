"""Secrets that are handed out once and kept as a digest: of cookies, tokens and shared links."""

import hashlib
import secrets

__all__ = ["csrf_of", "digest", "new_secret"]


def new_secret(prefix: str = "") -> str:
    """A secret of 256 bits; the `prefix` lets people and scanners see what has leaked."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a secret; with 256 random bits it needs neither salt nor slowness."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def csrf_of(secret: str) -> str:
    """What a page has to say beside the cookie `secret`, which its scripts cannot read."""
    return hashlib.sha256(b"csrf " + secret.encode("utf-8", "surrogatepass")).hexdigest()
