"""Secrets that are handed out once: random, and kept as digests."""

from icestream.server.people.secret_words import csrf_of, digest, new_secret


def test_secrets_are_long_and_no_two_alike() -> None:
    made = {new_secret("icestream_") for _ in range(1000)}
    assert len(made) == 1000
    assert min(len(one) for one in made) >= len("icestream_") + 43  # 256 bits


def test_neither_digest_tells_the_secret_or_the_other() -> None:
    secret = new_secret()
    assert len({secret, digest(secret), csrf_of(secret)}) == 3
    assert digest(secret) == digest(secret)
    assert digest("\ud800")  # half a pair of UTF-16, which anybody may send
