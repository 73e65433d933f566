"""What a report is made from: one frozen account of a project. Path: evaluation -> **report** -> project.

Values flow in; the report reads no file, no database and no clock. The shell gathers an `Account`, `build` shows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from florilegium.audit.finding import Finding
from florilegium.errors import InputError
from florilegium.evaluation.values import Outcome, Predictions, Score, Verdict
from florilegium.source.base import Kind
from florilegium.types import Bools

Counts = tuple[tuple[str, int], ...]  # (name, items) pairs
Marks = tuple[tuple[int, int, float], ...]  # (start, end, weight) of words in a text


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the data set is, in counts."""

    kind: Kind
    source: str  # where it was read from: "digits", a folder's or a table's name
    version: str  # hash over names, contents and labels
    classes: Counts  # every class with its labelled items, in the order of the class numbers
    n: int  # all items, labelled or not
    n_train: int  # labelled, to learn from
    n_test: int  # labelled, sealed
    n_groups: int  # near-duplicates and the user's groups count as one
    origins: Counts = ()  # who or where the items come from; empty: not recorded
    licences: Counts = ()  # as the source states them; empty: not recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A model that was tried by cross-validation."""

    name: str
    score: Score
    seconds: float  # what trying it took
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One line of the ledger: somebody looked at the sealed test set."""

    k: int  # the first opening is 1
    at: datetime  # aware, UTC
    model_id: str
    outcome: Outcome | None  # None: opened, but no verdict was recorded (an interrupted run)
    alpha: float | None = None  # the level that it was judged at


@dataclass(frozen=True, slots=True, kw_only=True)
class Biases:
    """What the six tests of bias said, in short."""

    lead: str  # the sentence to say first
    six: tuple[tuple[str, str, str, str], ...]  # (kind, name of the state's style, the state in words, in short)
    page: str  # the file with all of it, beside the report


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """What people did with the labels, beside what the model does."""

    sentences: tuple[str, ...]  # agreement with the record, among people, and how far the model sways them
    scores: tuple[Score, ...] = ()  # people asked again, people who played, and the model on what they played


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Account:
    """All that is known of a project and its current model, for one report.

    Before the verdict `verdict` and `test` are None: the report shows cross-validated numbers and says that the seal
    is closed. `pictures` or `texts` may lack items; those are shown by name (`report.wanted` says which matter most).

    Raises: InputError: parts disagree with each other.
    """

    title: str
    made: datetime  # aware, UTC: when this account was drawn up
    data: Summary
    model_name: str  # "linear head on mobilenetv2"
    model_id: str
    findings: tuple[Finding, ...] = ()
    audited: bool = True  # False: nobody has looked for doubtful data yet, which is not the same as no findings
    baselines: tuple[Score, ...] = ()  # cross-validated on the train side
    candidates: tuple[Candidate, ...] = ()
    folds: Predictions | None = None  # of the chosen model, each item answered by a model that did not see it
    verdict: Verdict | None = None
    test: Predictions | None = None  # the model's answers to the sealed items
    known: Bools | None = None  # (n_test,) False where the model abstains
    same_sources: Score | None = None  # cross-validated, groups kept together; a verdict brings its own
    new_sources: Score | None = None  # cross-validated, sources kept together; a verdict brings its own
    pictures: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))  # name -> PNG, JPEG or WebP
    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # name -> the item itself
    marks: Mapping[str, Marks] = field(default_factory=lambda: MappingProxyType({}))  # name -> words for the answer
    words: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))  # class -> what tells it
    openings: tuple[Opening, ...] = ()  # oldest first
    provenance: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # "seed" -> "0"; in this order
    notes: tuple[str, ...] = ()  # what was guessed, ignored or left out
    biases: Biases | None = None  # None: nobody has looked for biases yet
    live: tuple[str, ...] = ()  # sentences about the promise held to live answers; empty: nobody has watched
    people: People | None = None  # None: nobody has cleaned, labelled or played yet
    promise: str = ""  # what is promised of answers that are given without a person, with its ranges
    next_steps: tuple[str, ...] = ()  # empty: the report derives them from what it shows

    def __post_init__(self) -> None:
        """Look at everything, complain once."""
        faults = []
        if (self.verdict is None) != (self.test is None):
            faults.append("a verdict and the answers to the test items come together or not at all")
        if self.verdict is None and self.folds is None:
            faults.append("there are neither test answers nor cross-validated answers to show")
        if self.known is not None and (self.test is None or self.known.shape != (len(self.test),)):
            faults.append("`known` needs one value per test item")
        if self.verdict is not None and self.test is not None and self.verdict.n_test != len(self.test):
            faults.append(f"the verdict judged {self.verdict.n_test} items, but {len(self.test)} answers are given")
        if faults:
            message = f"the report on {self.title!r} cannot be drawn up: {'; '.join(faults)}."
            raise InputError(f"{message} Run: florilegium verdict")

    @property
    def shown(self) -> Predictions:
        """Give the answers that the report looks into: the test's where the seal was opened, else the folds'."""
        shown = self.test if self.test is not None else self.folds
        if shown is None:  # pragma: no cover - __post_init__ refuses this; this tells mypy
            raise InputError("no answers to show")
        return shown
