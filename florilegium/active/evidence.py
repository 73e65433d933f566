"""How strongly verdicts speak against each number of wrong labels left. Path: **active** (used by errors_left).

A wager against every number u at once. Before each verdict the probability of "wrong" is guessed from earlier verdicts;
if u wrong labels were left at the end, it would have been p = (u + those still to be found) / (not judged yet). The
stake multiplies by guess / p after "wrong", and by (1 - guess) / (1 - p) after "right". Against the true number the
stake is a martingale that starts at 1, so it *ever* reaches 20 in at most 5 of 100 sessions: however often somebody
looks, whenever they stop, and whatever else they judged in between, as long as the items were drawn at random.
Source: Waudby-Smith & Ramdas (2020), Confidence sequences for sampling without replacement, NeurIPS 33; Ville (1939).
"""

from dataclasses import dataclass

import numpy as np

from florilegium.types import Bools, Floats, Ints

WINDOW = 50  # verdicts that the guess looks back on; the share of wrong ones falls as the list is worked through
# The guess before the first verdict is one in ten; with less, a first wrong label costs a lot, with more, every right
# one does. On lists of 1,000 with 5 to 20 % wrong, 0.05 to 0.2 gave the same widths within a tenth.
IMAGINED_WRONG, IMAGINED = 0.1, 1.0
EXACT_TO = 128  # numbers of wrong labels looked at one by one; beyond, in steps of 3 %
STEP = 1.03
BLOCK = 1_000  # verdicts multiplied at once: 2 MB at 300 numbers of wrong labels


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """Verdicts in the order in which they were given."""

    n: int  # items that there were to judge at the beginning
    wrong: Bools  # (t,) what was said
    counted: Bools  # (t,) verdicts on which a wager is made; the others only tell what they tell


def numbers_left(n_unjudged: int) -> Ints:
    """Give the numbers of wrong labels to ask about: 0, 1, ..., n_unjudged, with gaps of 3 % where these are many."""
    if n_unjudged <= EXACT_TO:
        return np.arange(n_unjudged + 1, dtype=np.int64)
    n_steps = int(np.log(n_unjudged / EXACT_TO) / np.log(STEP))
    beyond = (EXACT_TO * STEP ** np.arange(1, n_steps + 1)).astype(np.int64)
    return np.unique(np.concatenate([np.arange(EXACT_TO + 1), beyond, [n_unjudged]])).astype(np.int64)


def guesses(wrong: Bools) -> Floats:
    """Guess each verdict from those before it, shape (t + 1,): the last one is about the verdict to come.

    >>> guesses(np.array([False, True])).round(3).tolist()
    [0.1, 0.05, 0.367]
    """
    before = np.concatenate([[0.0], np.cumsum(wrong)])  # (t + 1,)
    first = np.maximum(np.arange(len(before)) - WINDOW, 0)
    guess: Floats = (before - before[first] + IMAGINED_WRONG) / (np.arange(len(before)) - first + IMAGINED)
    return guess


def log_stakes(session: Session, left: Ints, *, upper_only: bool = False) -> Floats:
    """Give the log of the stake won against each number of wrong labels left, shape (u,); infinite: impossible.

    Args: left: (u,) numbers of wrong labels among the unjudged items.
        upper_only: wager only that u is too large. Then it is enough that each counted item was *at least* as likely
            to be wrong as a random one.
    """
    to_come = np.cumsum(session.wrong[::-1])[::-1]  # (t,) found wrong from this verdict on
    open_items = session.n - np.arange(len(session.wrong))  # (t,) not judged before this verdict
    rows = np.flatnonzero(session.counted)
    guess = guesses(session.wrong[rows])[:-1]
    stakes = np.zeros(len(left))
    for start in range(0, len(rows), BLOCK):
        some = rows[start : start + BLOCK]
        p = (left[None, :] + to_come[some, None]) / open_items[some, None]  # (b, u)
        wrong = session.wrong[some, None]
        stakes += log_gain(p, guess[start : start + BLOCK, None], wrong, upper_only=upper_only).sum(axis=0)
    return stakes


def log_gain(p: Floats, guess: Floats, wrong: Bools, *, upper_only: bool) -> Floats:
    """Give the log of what verdicts multiply the stakes by, where "wrong" has probability `p`; all (b, u) or alike."""
    q = np.minimum(guess, p) if upper_only else np.broadcast_to(guess, p.shape)
    possible = np.where(wrong, (p > 0) & (p <= 1), p < 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(wrong, np.log(q / p), np.log((1 - q) / (1 - p)))
    gained: Floats = np.where(possible, gain, np.inf)
    return gained


def kept_range(left: Ints, stakes: Floats, *, level: float) -> tuple[int, int]:
    """Give the smallest and the largest number that the stakes (u,) do not speak against, at this level (0..1)."""
    first = int(_kept(stakes[None], level)[0].argmax())
    return int(left[first - 1]) + 1 if first > 0 else 0, int(kept_ends(left, stakes[None], level=level)[0])


def kept_ends(left: Ints, stakes: Floats, *, level: float) -> Ints:
    """Give the largest number that is not spoken against, for each row of stakes (b, u); shape (b,)."""
    last = len(left) - 1 - _kept(stakes, level)[:, ::-1].argmax(axis=1)
    # Between two numbers that were asked about everything may be true that lies below the first one spoken against.
    ends: Ints = np.append(left[1:] - 1, left[-1])[last]
    return ends


def _kept(stakes: Floats, level: float) -> Bools:
    kept: Bools = stakes < -np.log1p(-level)
    none = ~kept.any(axis=1)  # in at most 1 - level of all sessions: what is least spoken against
    kept[none, stakes.argmin(axis=1)[none]] = True
    return kept
