"""Which replies can go out by themselves, by how a query is asked. Path: source -> **queries** -> project.

A reply with an open place goes out where the query fills it, and one in a language where that was asked for. So not all
queries can be answered alike, and an error rate that is promised has to hold for each way of asking.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from florilegium.queries.reply import Reply, best_for, by_intent, filled, speaks

OTHER = "*"  # stands for all languages that no reply is in


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How a query is asked, as far as it decides which replies can go out by themselves."""

    language: str = ""  # one of `languages_of`
    has_name: bool = False

    def __str__(self) -> str:
        """Say it in words."""
        name = "with a name" if self.has_name else "without a name"
        if not self.language:
            return name
        return f"{name} and in {'any other language' if self.language == OTHER else self.language}"


def languages_of(replies: Sequence[Reply]) -> tuple[str, ...]:
    """Give the languages that find different replies: none asked for, each with its wider one, and any other.

    >>> languages_of([Reply(intent="a", text="ola", language="pt-BR")])
    ('', 'pt-br', 'pt', 'pt-*', '*')
    """
    own = dict.fromkeys(each.language.casefold() for each in replies if each.language)
    wider = dict.fromkeys(tag.partition("-")[0] for tag in own)
    return ("", *dict.fromkeys([*own, *wider, *(f"{tag}-*" for tag in wider)]), *([OTHER] if own else ()))


def heard_as(language: str, known: Sequence[str]) -> str:
    """Give the one of `languages_of` that finds the same replies as a language does, whatever was asked for.

    >>> [heard_as(each, ("", "pt-br", "pt", "pt-*", "*")) for each in ("pt-BR", "pt-AO", "pt", "de", "")]
    ['pt-br', 'pt-*', 'pt', '*', '']
    """
    wanted = language.casefold()
    regional = f"{wanted.partition('-')[0]}-*"
    return wanted if wanted in known else regional if regional in known and "-" in wanted else OTHER if wanted else ""


def ready(replies: Sequence[Reply], asking: Asking) -> frozenset[str]:
    """Give the intents whose reply can go out by itself: in the language asked for, with every place filled."""
    values = {"name": "a name"} if asking.has_name else {}
    found = set()
    for intent, own in by_intent(replies).items():
        reply = best_for(own, intent, language=asking.language)
        if reply is not None and speaks(reply, asking.language) and not filled(reply, values)[1]:
            found.add(intent)
    return frozenset(found)


def askings(replies: Sequence[Reply]) -> tuple[Asking, ...]:
    """Give every way of asking that may find other replies."""
    return tuple(Asking(language=tag, has_name=has) for tag in languages_of(replies) for has in (True, False))
