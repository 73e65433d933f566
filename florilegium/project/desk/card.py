"""One item as it is put before a person, and what the page says back of it. Path: **project** (shell). Holds values."""

from dataclasses import dataclass, field
from enum import StrEnum

from florilegium.active import streams as active
from florilegium.errors import SettingError

MOST_SHARE = 0.9  # of items that are asked for another reason than their turn


class Task(StrEnum):
    """Why an item is put before somebody."""

    CLEAN = "clean"  # is its label right?
    LABEL = "label"  # it has none yet
    AGAIN = "again"  # it has one that is not shown: how well do people agree?
    THIRD = "third"  # two people disagree
    GAME = "game"  # played: what does a person see?


# How an item was chosen: it looked most doubtful; by chance; the user looked for it; it teaches most.
RANKED, RANDOM, CHOSEN, TEACHING = "ranked", "random", "chosen", "teaching"
# And of those that have a label already, which is hidden: two people were to label it; by chance.
TWICE, AGAIN = "twice", "again"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskWish:
    """What a user wants of the desk; shares are 0..0.9 of the items that are shown."""

    who: str = "owner"
    blind_share: float = 0.2  # the model's suggestion is hidden: measures how far people follow it
    random_share: float = 0.2  # while labelling, drawn at random: measures what choosing brings
    control_share: float = 0.1  # while cleaning, drawn at random: tells how many errors are left
    again_share: float = 0.05  # asked a second time without the label: measures how far people agree
    twice_share: float = 0.0  # of newly labelled items that a second person is to label too
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values out of range, all at once."""
        shares = {name: getattr(self, name) for name in self.__dataclass_fields__ if name.endswith("_share")}
        faults = [f"{name} = {share:g}" for name, share in shares.items() if not 0 <= share <= MOST_SHARE]
        if faults:
            raise SettingError(f"{', '.join(faults)}: expected shares from 0 to {MOST_SHARE:g}.")
        if not active.MIN_SHARE <= self.random_share <= active.MAX_SHARE:
            raise SettingError(
                f"random_share = {self.random_share:g}: expected {active.MIN_SHARE:g} to {active.MAX_SHARE:g}; without "
                "items drawn at random nothing can be measured."
            )
        if not self.who.strip():
            raise SettingError("The name of who labels is empty. Give one: --who ann")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which items a person wants to clean; nothing: all."""

    label: str | None = None  # of this class
    check: str | None = None  # that this check of the audit named
    group: tuple[str, str] | None = None  # whose metadata column has this value
    item: str | None = None  # of this name

    def __bool__(self) -> bool:
        """Tell whether anything is left out."""
        return any((self.label, self.check, self.group, self.item))


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One item as it is shown. What a person must not see is not in it."""

    row: int
    name: str
    task: Task
    stream: str
    ticket: str  # signed: what the item was and what was shown; sent back with the answer
    label: str | None  # the recorded label; None where there is none or it is hidden
    suggestion: str | None  # what the model says; None where it says nothing or that is hidden
    share: float | None  # 0..1, how sure the model is of it
    hidden: bool  # the model would have said something
    suspicion: float | None  # 0..1, how wrong the label looks
    why: str  # why this item, in words
    known_as: str | None = None  # the name, where that does not tell a label that is hidden
    text: str | None = None  # of a text; None: a picture
    like_label: tuple[int, ...] = ()  # rows of items with that label that are most like it
    like_suggestion: tuple[int, ...] = ()  # and with the suggested one
    said: tuple[str, ...] = ()  # what others said, where they disagree
    facts: tuple[tuple[str, str], ...] = field(default=())  # origin, licence and the like


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of a click."""

    sentence: str  # what was recorded, for the page and for screen readers
    name: str
    row: int
