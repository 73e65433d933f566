"""Tell which licences let a card be given away. Path: errors -> **rights** -> checking, deck. Knows words, no law.

What is not known to allow sharing counts as closed: no licence, "unstated", and those that forbid changes or trade.
"""

import re

SHAREABLE = ("own words, CC BY 4.0", "CC0", "CC BY 4.0", "CC BY-SA 4.0", "public domain")  # named in messages
_CREDIT = r"(?: \((?P<credit>[^()]{1,200})\))?"
_FREE = re.compile(
    r"(?:own words, )?(?P<name>CC0(?: 1\.0)?|CC BY(?:-SA)? [1-4]\.\d|public domain(?: mark)?(?: 1\.0)?)" + _CREDIT,
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"https?://creativecommons\.org/(?:licenses/(?P<kind>by|by-sa)/(?P<version>[1-4]\.\d)|publicdomain/(?P<free>zero|mark)/1\.0)/?",
    re.IGNORECASE,
)
_DASHES = str.maketrans("‐‑–_", "----")


def is_shareable(rights: str | None) -> bool:
    """Tell whether what carries these words may be copied, cut and passed on, also for money.

    >>> [is_shareable(words) for words in ("CC BY 4.0", "cc-by-sa-3.0", "CC BY-NC 4.0", "unstated", None)]
    [True, True, False, False, False]
    """
    return _free(rights) is not None


def needs_credit(rights: str) -> bool:
    """Tell whether a licence asks for the author's name: all CC BY do, CC0 and the public domain do not."""
    name = _free(rights)
    return name is not None and name.casefold().startswith("cc by")


def credit_in(rights: str) -> str | None:
    """Give the author that stands in brackets behind a licence.

    >>> credit_in("CC BY 4.0 (Ada Lovelace)")
    'Ada Lovelace'
    """
    found = _FREE.fullmatch(_tidy(rights))
    return found["credit"] if found else None


def _free(rights: str | None) -> str | None:
    """Give the licence's short name, or None where it is not known to allow sharing."""
    text = _tidy(rights or "")
    if found := _FREE.fullmatch(text):
        return found["name"]
    if found := _ADDRESS.fullmatch(text):
        return "CC0" if found["free"] else f"CC {found['kind'].upper()} {found['version']}"
    return None


def _tidy(rights: str) -> str:
    """Write CC-BY-4.0 as CC BY 4.0; leave addresses as they are."""
    text = " ".join(rights.split()).translate(_DASHES)
    if "://" in text:
        return text
    text = re.sub(r"^cc[- ]?zero", "CC0", text, flags=re.IGNORECASE)
    text = re.sub(r"\bcc[- ]by", "CC BY", text, flags=re.IGNORECASE)
    return re.sub(r"(CC BY(?:-sa)?|CC0)-([1-4])", r"\1 \2", text, flags=re.IGNORECASE)
