"""Words that came over a wire, made fit to be kept. Path: **project** (shell)."""

import re
from collections.abc import Mapping

from florilegium.errors import InputError
from florilegium.report.render import UNPRINTABLE

MOST_CHARS = 4_000  # of a reason, a question or an answer
MOST_COLUMNS, MOST_NAME, MOST_VALUE = 20, 60, 200  # of what a sender says of a photo beside it
MIN_REASON_WORDS = 3
_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@[^@\s<>,;:\"()\[\]\\]{1,190}\.[^@\s<>,;:\"()\[\]\\.]{2,63}")


def cleaned(text: str, *, what: str) -> str:
    """Give a text without what cannot be written, and without space around it.

    Raises: InputError: it is too long.
    """
    clean = UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(clean) > MOST_CHARS:
        raise InputError(f"{what}: {len(clean):,} characters; at most {MOST_CHARS:,} are kept. Make it shorter.")
    return clean


def address(text: str) -> str:
    """Give an e-mail address, or nothing where none is given.

    Raises: InputError: it is none.

    >>> address(" ann@example.org "), address("")
    ('ann@example.org', '')
    """
    clean = text.strip()
    if clean and (not clean.isascii() or not clean.isprintable() or not _ADDRESS.fullmatch(clean)):
        raise InputError(
            f"{UNPRINTABLE.sub(chr(0xFFFD), clean)[:80]!r}: no e-mail address. Write it as name@example.org, or leave "
            "the field empty."
        )
    return clean


def reason(text: str) -> str:
    """Give a reviewer's reason.

    Raises: InputError: it is shorter than a few words.
    """
    clean = cleaned(text, what="the reason")
    if len(clean.split()) < MIN_REASON_WORDS:
        raise InputError(
            f"the reason {clean!r} is no reason: whoever is judged reads it. Say in at least {MIN_REASON_WORDS} words "
            "what you saw."
        )
    return clean


def columns(given: Mapping[str, str]) -> dict[str, str]:
    """Give what a sender says beside a photo or text, by column.

    Raises: InputError: there is too much of it.
    """
    if len(given) > MOST_COLUMNS or any(len(k) > MOST_NAME or len(v) > MOST_VALUE for k, v in given.items()):
        raise InputError(
            f"metadata: at most {MOST_COLUMNS} columns are kept, each with a name of {MOST_NAME} and a value of "
            f"{MOST_VALUE} characters. Send less of it."
        )
    return {UNPRINTABLE.sub("\ufffd", name): UNPRINTABLE.sub("\ufffd", value) for name, value in given.items()}
