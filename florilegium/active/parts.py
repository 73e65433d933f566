"""The list of suspects as a whole, and its lower part: two wagers. Path: **active** (used by errors_left).

Where one label in five is wrong, the first random items hit upon wrong labels that the list is about to show anyway,
and tell little about what will be left after it. In the lower part, fixed before anything is judged, they tell from the
first one on. With 20 % noise in digits the upper end was half as high, with 5 % a fifth higher (decision 0016).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from florilegium.active.evidence import Session, guesses, kept_ends, log_gain, log_stakes, numbers_left
from florilegium.active.judged import Judged, Stream
from florilegium.types import Bools, Floats, Ints

SHARES = (1.0, 0.75)  # of the list, from its end; the first is the whole


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The verdicts on items of one part of the list, in their order."""

    n: int  # items in it
    n_above: int  # items above it that are not judged yet
    wrong: Bools  # (t,)
    random: Bools  # (t,)
    listed: Bools  # (t,)

    @property
    def n_unjudged(self) -> int:
        """Count the items of this part that nobody has judged."""
        return self.n - len(self.wrong)

    def session(self, *, with_list: bool = False) -> Session:
        """Give the session of this part: wagers on random items, or on those that the list has shown, too."""
        return Session(self.n, self.wrong, self.random | self.listed if with_list else self.random)

    def ends_ahead(self, n_ahead: int, *, level: float) -> Ints:
        """Give the upper end after 0, 1, ..., n_ahead further right verdicts that the list shows; (n_ahead + 1,)."""
        session = self.session(with_list=True)
        left = numbers_left(self.n_unjudged)
        n_inside = min(n_ahead, self.n_unjudged)
        right = np.zeros(n_inside, dtype=np.bool_)
        guess = guesses(np.concatenate([session.wrong[session.counted], right]))[-n_inside - 1 : -1, None]
        p = np.minimum(left[None, :] / (self.n_unjudged - np.arange(n_inside))[:, None], 1.0)  # (ahead, u)
        gains = log_gain(p, guess, right[:, None], upper_only=True)
        stakes = log_stakes(session, left, upper_only=True) + np.vstack([np.zeros(len(left)), np.cumsum(gains, axis=0)])
        ends = np.minimum(kept_ends(left, stakes, level=level), self.n_unjudged - np.arange(n_inside + 1))
        return np.concatenate([ends, np.zeros(n_ahead - n_inside, dtype=np.int64)])


def parts_of(suspicion: Floats, judged: Sequence[Judged], wrong: Bools) -> list[Part]:
    """Give the whole list and its lower three quarters; `wrong` (t,) says how each verdict is read."""
    order = np.argsort(-suspicion, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    at = place[[j.row for j in judged]] if judged else np.zeros(0, dtype=np.int64)
    random = np.array([j.stream is Stream.RANDOM for j in judged], dtype=np.bool_)
    listed = np.array([j.stream is Stream.RANKED for j in judged], dtype=np.bool_)
    found = []
    for share in SHARES:
        first = round(len(order) * (1 - share))
        inside = at >= first
        found.append(
            Part(
                n=len(order) - first,
                n_above=first - int((~inside).sum()),
                wrong=wrong[inside],
                random=random[inside],
                listed=listed[inside],
            )
        )
    return found
