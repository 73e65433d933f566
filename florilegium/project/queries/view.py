"""What a person at the query desk sees, and what is taken from them. Path: **project** (shell). Holds values."""

import re
from dataclasses import dataclass

from florilegium.errors import InputError, SettingError
from florilegium.features.text import normalised
from florilegium.model.exemplars import Similar
from florilegium.project.queries.routing import MOST_CHARS, MOST_NAME
from florilegium.report.marking import Piece
from florilegium.source.names import without_surrogates
from florilegium.store import Query, QueryEvent, QueryState

MOST_LANGUAGE = 35
MOST_BLIND = 0.9
# What no text holds that people write: what a terminal or a page would obey. Line ends and tabs stay.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
# Unicode's default-ignorable code points, and braille's blank: signs that nobody sees.
_BLANK = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryWish:
    """What a user wants of the query desk."""

    blind_share: float = (
        0.1  # of waiting queries whose intent is not suggested: measures how far people follow the model
    )
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse a share out of range."""
        if not 0 <= self.blind_share <= MOST_BLIND:
            raise SettingError(f"blind_share = {self.blind_share:g}: expected a share from 0 to {MOST_BLIND:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query as it comes in."""

    text: str
    key: str | None = None  # the sender's own number of it
    language: str = ""
    name: str = ""
    may_check: bool = True  # may a person look at an automatic answer, should chance draw it?
    may_learn: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the asker is told."""

    ticket: str
    query: Query

    @property
    def reply(self) -> str | None:
        """Give the reply; None while nobody gave one."""
        return self.query.reply

    @property
    def is_automatic(self) -> bool:
        """Tell whether what was answered last came from the model, also where a person looks at it by now."""
        return self.query.is_from_machine


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryCard:
    """One query as the desk shows it."""

    query: Query
    is_blind: bool  # the model's intent is not shown
    chosen: str | None  # the intent that the reply below belongs to; None: nothing is suggested
    reply: str  # to start from; "": there is none for this intent
    missing: tuple[str, ...]  # places that the person fills
    pieces: tuple[Piece, ...]  # the text, with the words that decided
    is_exact: bool  # the words' weights add up to the score
    similar: tuple[tuple[Similar, str], ...]  # training texts most like it, with what they say; (): hidden, or none
    events: tuple[QueryEvent, ...]
    click: str  # number of the next step, so that it is taken once


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """Queries in a row, as the desk lists them."""

    queries: tuple[Query, ...]
    blind: frozenset[int]  # ids of those whose intent is not shown
    counts: dict[QueryState, int]
    more: Query | None  # the last one, where others follow


def checked(asked: Asked) -> Asked:
    """Give a query as it is kept.

    Raises: InputError: nothing is written, or more than is read; a language that is none.
    """
    if len(asked.text) > MOST_CHARS:
        raise InputError(
            f"a query of {len(asked.text):,} characters; at most {MOST_CHARS:,} are taken. Say it shorter."
        )
    text = clean(asked.text)
    if not normalised(_BLANK.sub("", text)):
        raise InputError("The query is empty. Write what it is about.")
    if asked.language and (len(asked.language) > MOST_LANGUAGE or not _LANGUAGE.fullmatch(asked.language)):
        raise InputError(f"{asked.language[:40]!a} is no language: expected a tag such as en or pt-BR, or nothing.")
    return Asked(
        text=text,
        key=asked.key,
        language=asked.language,
        name=" ".join(clean(asked.name).split())[:MOST_NAME],
        may_check=asked.may_check,
        may_learn=asked.may_learn,
    )


def clean(text: str) -> str:
    r"""Give a text without what is no sign that people write; line ends become \n.

    >>> clean("a\r\nb\x1b[31m\x00")
    'a\nb[31m'
    """
    return without_surrogates(_CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))).strip()
