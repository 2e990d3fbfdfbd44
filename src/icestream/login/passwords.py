"""Passwords: what may be one, and how it is kept (argon2id)."""

import threading
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

__all__ = ["LONGEST", "Passwords", "WeakPassword"]

LONGEST = 256
"""Characters; longer ones would be work for the server and for nobody else."""

_LEAST_SCORE = 3
"""Of zxcvbn: safe against somebody who has the database, about 10^8 guesses and more."""
_JUDGED = 72
"""Characters that zxcvbn looks at; its time grows with the square of the length."""
_WORDS = ("icestream", "cryoem", "cryo-em", "microscope", "krios", "glacios", "talos")
_AT_ONCE = threading.BoundedSemaphore(2)
"""Each takes 46 MiB while it is computed."""


class WeakPassword(ValueError):
    """A password that is too short, too long, or too easily guessed; says why."""


class Passwords:
    """Makes and checks what is kept of passwords.

    Parameters
    ----------
    least_length
        Characters that a new password must have at least.
    words
        Words of the site that a password may not be made of.
    """

    def __init__(self, least_length: int = 12, words: Iterable[str] = ()) -> None:
        # OWASP's smallest parameters of equal strength with the least memory but one; two at once.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=46 * 1024, parallelism=1)
        self._least = least_length
        self._words = (*_WORDS, *words)
        self._nobody: str | None = None

    def keep(self, password: str, about: Iterable[str] = ()) -> str:
        """What is kept of a new password.

        Parameters
        ----------
        password
            As it was typed: nothing is cut off or changed.
        about
            Words about the person, which the password may not be made of: their name.

        Raises
        ------
        WeakPassword
            If it is too short, too long or easily guessed.
        """
        if len(password) < self._least:
            raise WeakPassword(
                f"the password has {len(password)} characters, at least {self._least} are asked"
                " for; four or five unrelated words are long and easily kept in mind"
            )
        if len(password) > LONGEST:
            raise WeakPassword(f"the password has {len(password)} characters, {LONGEST} at most")
        self._judge(password, about)
        return self._hash(password)

    def _judge(self, password: str, about: Iterable[str]) -> None:
        from zxcvbn import zxcvbn  # its lists of words are read when first needed

        words = [word.lower() for one in (*self._words, *about) for word in (one, *one.split())]
        found = zxcvbn(password[:_JUDGED], user_inputs=words)
        if found["score"] < _LEAST_SCORE:
            why = found["feedback"]["warning"] or "it is easily guessed"
            raise WeakPassword(
                f"the password is too weak: {why.rstrip('.').lower()}. Four or five unrelated"
                " words are long and easily kept in mind"
            )

    def _hash(self, password: str) -> str:
        with _AT_ONCE:
            return self._hasher.hash(password)

    def fits(self, kept: str | None, password: str) -> bool:
        """Whether `password` is the one of which `kept` was kept.

        It takes the same time where nothing was kept, so that nobody learns which names exist.
        """
        if len(password) > LONGEST:
            return False
        try:
            with _AT_ONCE:
                self._hasher.verify(kept or self._of_nobody(), password)
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None

    def _of_nobody(self) -> str:
        if self._nobody is None:
            self._nobody = self._hasher.hash("nobody has this password")
        return self._nobody

    def again(self, password: str) -> str:
        """What is kept from now on of a password that fits and was judged when it was new."""
        return self._hash(password)

    def outdated(self, kept: str) -> bool:
        """Whether `kept` was made in a way that was good once, and is to be made anew."""
        return self._hasher.check_needs_rehash(kept)
