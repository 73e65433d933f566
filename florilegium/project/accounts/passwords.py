"""Passwords: refused where weak, kept as argon2id, compared without telling by time. Path: **project** (shell)."""

import threading
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from florilegium.errors import InputError, StateError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST_CHARS, MOST_CHARS = 12, 256
N_AT_ONCE = 2  # each takes 64 MiB and a core for a moment: many at once would hold up everybody
WAIT_S = 5.0
_turn = threading.BoundedSemaphore(N_AT_ONCE)


class PasswordWeak(InputError):
    """A password that could be guessed."""


class TooManyAtOnce(StateError):
    """More people sign in at this moment than passwords can be compared."""


def refuse_weak(password: str, name: str) -> None:
    """Refuse a password that is short, the name itself, or one sign over and over.

    Length is what counts (NIST SP 800-63B, section 5.1.1.2): no rules about digits and signs.

    Raises: PasswordWeak.
    """
    if len(password) < LEAST_CHARS:
        raise PasswordWeak(
            f"The password has {len(password)} characters; at least {LEAST_CHARS} are needed. Take a few words: four "
            "that have nothing to do with each other are easy to keep in mind and hard to guess."
        )
    if len(password) > MOST_CHARS:
        raise PasswordWeak(f"The password has more than {MOST_CHARS} characters. Take a shorter one.")
    plain, named = _plain(password), _plain(name)
    if named and not plain.replace(named, "").strip("0123456789"):
        raise PasswordWeak("The password is the name, which everybody knows. Take a few words instead.")
    if len(set(password)) < LEAST_CHARS // 3:
        raise PasswordWeak("The password is the same few signs over and over. Take a few words instead.")


def hashed(password: str) -> str:
    """Give what is kept of a password: argon2id with a salt of its own."""
    with _Turn():
        return _hasher().hash(_normal(password))


def is_right(password: str, password_hash: str | None) -> bool:
    """Compare a password with what is kept; None takes as long as a wrong one, so that time tells no names."""
    from argon2.exceptions import Argon2Error, InvalidHashError

    with _Turn():
        try:
            _hasher().verify(password_hash or _nobody(), _normal(password))
        except (Argon2Error, InvalidHashError):
            return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Tell whether a hash was made with weaker settings than today's."""
    return _hasher().check_needs_rehash(password_hash)


class _Turn:
    """A place among those whose passwords are compared at this moment."""

    def __enter__(self) -> None:
        if not _turn.acquire(timeout=WAIT_S):
            raise TooManyAtOnce("Too many people sign in at this moment. Try again in a few seconds.")

    def __exit__(self, *_: object) -> None:
        _turn.release()


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher()  # the library's default is RFC 9106's second choice: 64 MiB, three passes


@cache
def _nobody() -> str:
    """Give the hash that a name without an account is compared with."""
    return _hasher().hash("")


def _normal(password: str) -> str:
    """Give a password as it is compared: é is é, however a keyboard writes it (RFC 8265)."""
    return unicodedata.normalize("NFC", password)


def _plain(text: str) -> str:
    """Give the letters and digits of a text alone, large and small ones alike."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
