"""Which names people may have. Path: **project** (shell). Refuses, never changes a name in silence."""

import re
import unicodedata

from florilegium.errors import InputError
from florilegium.store.store import IMPORTED

MOST_CHARS = 60
MOST_KEY_CHARS = 200  # some signs are compared as many
RESERVED = frozenset({IMPORTED})  # stands in the record of labels for the source itself


def checked_name(name: str) -> str:
    r"""Give a name that can be shown, sent and kept anywhere.

    Raises: InputError: empty, too long, reserved, or with signs that are not seen or turn the writing.

    >>> checked_name("Zoë van Dam")
    'Zoë van Dam'
    >>> checked_name("ann\r\nSet-Cookie: a=b")
    Traceback (most recent call last):
        ...
    florilegium.errors.InputError: 'ann\r\nSet-Cookie: a=b': a name holds letters, ...
    """
    name = unicodedata.normalize("NFC", name)
    seen = all(unicodedata.category(sign)[0] in "LMNPS" or sign == " " for sign in name)
    if not seen or not name or name != " ".join(name.split(" ")).strip() or re.search(" {2}", name):
        raise InputError(f"{name[:200]!r}: a name holds letters, digits, signs and single spaces between them.")
    if len(name) > MOST_CHARS or len(key_of(name)) > MOST_KEY_CHARS:
        raise InputError(f"{name[:MOST_CHARS]!r}...: a name has at most {MOST_CHARS} characters.")
    if key_of(name) in RESERVED:
        raise InputError(f"{name!r}: this name means the data's source in the record of labels. Take another.")
    return name


def key_of(name: str) -> str:
    """Give a name as it is compared: Ann, ann and ANN are one person.

    >>> key_of(" ＡＮＮ ")
    'ann'
    """
    return unicodedata.normalize("NFKC", name).casefold().strip()
