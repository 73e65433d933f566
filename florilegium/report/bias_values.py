"""What the page of six biases is made of, part by part. Path: bias -> **report** (used by its bias page).

Holds values that the templates read; `bias_chapters`, `bias_groups` and `bias_prices` work them out.
"""

from dataclasses import dataclass, field
from datetime import datetime

from florilegium.bias.result import Impossible, Weights
from florilegium.report.bias_pictures import Picture

# state -> what stands in the overview; the state is also the name of the style.
STATES = {
    "gap": "gap found",
    "none": "no gap shown",
    "few": "too few to tell",
    "unmeasured": "not measurable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One thing that was found or not found, in a sentence, and what to do about it."""

    state: str  # a key of STATES
    sentence: str
    advice: str = ""

    @property
    def state_words(self) -> str:
        """Say the state in words."""
        return STATES[self.state]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One line of the table of everything that was compared."""

    what: str
    figure: str
    spread: str
    p: str
    p_holm: str
    n: int
    state: str

    @property
    def state_words(self) -> str:
        """Say the state in words."""
        return STATES[self.state]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One of the six kinds."""

    key: str  # "historical"
    title: str
    question: str
    state: str
    short: str  # for the overview
    why_not: str = ""  # why it is not measurable, and what would make it so; ends with a full stop
    statements: tuple[Statement, ...] = ()
    pictures: tuple[Picture, ...] = ()
    others: tuple[Comparison, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def state_words(self) -> str:
        """Say the state in words."""
        return STATES[self.state]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One figure of the table of groups, with its range below it."""

    figure: str
    spread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLine:
    """One group in the table of groups."""

    group: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupBlock:
    """All rates by one column."""

    column: str
    is_crossed: bool  # of two columns: drawn where a reader asks for it
    n_groups: int
    pictures: tuple[Picture, ...]
    few: str  # the groups that are too small, named; empty: none
    heads: tuple[str, ...]
    rows: tuple[GroupLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """One choice: how accurate, and how far apart the groups are then; x and y are places, 0..1."""

    name: str
    x: float
    y: float
    x_ends: tuple[float, float]  # of the range
    y_ends: tuple[float, float]
    accuracy: str
    gap: str
    cost: str  # right answers won or lost, with the range; empty: what is done now
    strong: bool = False  # what is done now
    tag: str = ""  # its number in the table; of points on one spot the first bears all


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What smaller gaps cost in right answers."""

    column: str
    sentence: str
    x_name: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    points: tuple[CurvePoint, ...]  # by rising gap, as the line goes


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedBlock:
    """How many more of each group of one column it takes."""

    column: str
    rate: str
    against: str
    heads: tuple[str, ...]  # of the gaps
    rows: tuple[tuple[str, ...], ...]  # group, items now, smallest gap seen now, then one per gap


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasPage:
    """Everything that the page shows."""

    title: str
    subject: str
    made: datetime
    unit: str  # "decision", "photo", "text"
    lead: str
    rest: str
    chapters: tuple[Chapter, ...]
    rates: tuple[GroupBlock, ...] = ()
    errors: Chapter | None = None  # the gaps between the groups' rates
    yes: str = ""  # what counts as yes in the label; empty: right or wrong is what counts
    said: str = ""  # what counts as yes in the answers
    impossible: tuple[Impossible, ...] = ()
    curves: tuple[Curve, ...] = ()
    steps: tuple[str, ...] = ()
    needs: tuple[NeedBlock, ...] = ()
    weights: tuple[Weights, ...] = ()
    notes: tuple[str, ...] = ()
    card: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())  # (heading, paragraphs)
