"""A reply that belongs to an intent, with places to be filled. Path: source -> **queries** -> project.

A place is a name in braces, {name}; a brace that is meant stands twice. What is filled in is text and nothing else: no
attribute, no index and no format is ever looked up, so that neither a table nor a query can ask for more than words.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from florilegium.errors import InputError

# What a reply may ask for, and what it stands for; whoever answers fills in what nothing fills by itself.
PLACEHOLDERS: Mapping[str, str] = MappingProxyType(
    {
        "name": "how the person is addressed",
        "link": "a web address",
        "date": "a day",
        "amount": "a sum of money",
        "reference": "the number of a payment, a card or a case",
        "agent": "the name of who answers",
    }
)
MOST_CHARS = 10_000  # of a reply; a letter has 2,000
_PLACE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(r"[a-z]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is answered to queries of one intent."""

    intent: str
    text: str  # with its places
    language: str = ""  # such as en or pt-BR; empty: for every language that has no reply of its own
    values: Mapping[str, str] | None = None  # what the table itself fills in, such as the link of this intent


def fault_of(text: str) -> str:
    """Say what is wrong with a reply's text and how to cure it; empty where nothing is.

    >>> fault_of("Hello {name}, {{braces}} are meant.")
    ''
    >>> fault_of("Hello {nme}")
    'no placeholder {nme}; nearest: {name}. There are {name}, {link}, {date}, {amount}, {reference}, {agent}'
    """
    if not text.strip():
        return "the reply is empty; write what is to be answered, or delete the row"
    if len(text) > MOST_CHARS:
        return f"the reply has {len(text):,} characters; at most {MOST_CHARS:,} are taken"
    for found in _PLACE.finditer(text):
        if found[0] in ("{", "}"):
            place = found.start() + 1
            return f"a single {found[0]} at character {place}; a brace that is meant stands twice: {found[0] * 2}"
        if found[1] is not None and found[1] not in PLACEHOLDERS:
            return _unknown(found[1])
    return ""


def _unknown(name: str) -> str:
    known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
    if not _NAME.fullmatch(name):
        return f"{{{name[:40]}}} is no placeholder: one is a plain name in braces. There are {known}"
    near = difflib.get_close_matches(name, PLACEHOLDERS, n=1)
    hint = f"; nearest: {{{near[0]}}}" if near else ""
    return f"no placeholder {{{name}}}{hint}. There are {known}"


def names_in(text: str) -> tuple[str, ...]:
    """Give the places of a reply that has no fault, each once, in order.

    >>> names_in("{name}: {link} {name} {{date}}")
    ('name', 'link')
    """
    return tuple(dict.fromkeys(found[1] for found in _PLACE.finditer(text) if found[1] is not None))


def filled(reply: Reply, values: Mapping[str, str] = MappingProxyType({})) -> tuple[str, tuple[str, ...]]:
    """Give a reply with its places filled, and the places that nothing filled; those stay as they are, braces and all.

    Args: values: place -> text; what the table fills in itself counts where nothing is given here.
    Raises: InputError: the text has a fault.

    >>> filled(Reply(intent="lost", text="{name}, see {link}.", values={"link": "example.org"}), {"name": "{link}"})
    ('{link}, see example.org.', ())
    """
    if fault := fault_of(reply.text):
        raise InputError(f"the reply to {reply.intent!r}: {fault}.")
    known = {**(reply.values or {}), **{name: value for name, value in values.items() if value}}
    missing = tuple(name for name in names_in(reply.text) if name not in known)

    def put(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0][0]
        return known.get(found[1], found[0])

    return _PLACE.sub(put, reply.text), missing


def by_intent(replies: Sequence[Reply]) -> dict[str, list[Reply]]:
    """Give the replies to each intent."""
    found: dict[str, list[Reply]] = {}
    for reply in replies:
        found.setdefault(reply.intent, []).append(reply)
    return found


def best_for(replies: Sequence[Reply], intent: str, *, language: str = "") -> Reply | None:
    """Give the reply to an intent: in that language, else in its wider one (pt for pt-BR), a narrower one, or for all.

    Where none of these is there a person still sees what is said in another language; `speaks` tells.

    >>> two = [Reply(intent="a", text="hi"), Reply(intent="a", text="ola", language="pt")]
    >>> best_for(two, "a", language="pt-BR").text
    'ola'
    """
    own = {each.language.casefold(): each for each in replies if each.intent == intent}
    wanted = language.casefold()
    narrower = (own[tag] for tag in own if wanted and tag.startswith(f"{wanted}-"))
    return (
        own.get(wanted)
        or own.get(wanted.partition("-")[0])
        or next(narrower, None)
        or own.get("")
        or next(iter(own.values()), None)
    )


def speaks(reply: Reply, language: str) -> bool:
    """Tell whether a reply may go to somebody who asked for a language; without one asked for, any may.

    >>> speaks(Reply(intent="a", text="ola", language="pt"), "pt-BR"), speaks(Reply(intent="a", text="ola"), "de")
    (True, True)
    >>> speaks(Reply(intent="a", text="ola", language="pt"), "de")
    False
    """
    own, wanted = reply.language.casefold(), language.casefold()
    return own in ("", wanted, wanted.partition("-")[0]) or not wanted or own.startswith(f"{wanted}-")
