"""What a careless split would have claimed, in numbers. Path: dataset -> **audit** -> split. Holds values only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """How much better a quick model looks in cross-validation where things that belong together are divided."""

    by: str  # what is divided: "near copies", "groups", "sources"
    n: int  # items answered in both ways
    apart: float  # accuracy 0..1 with whole groups held out
    divided: float  # accuracy 0..1 with single items held out
    low: float  # of the difference, -1..1
    high: float

    @property
    def gain(self) -> float:
        """Give by how much dividing them flatters, -1..1."""
        return self.divided - self.apart
