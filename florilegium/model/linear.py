"""The linear head: multinomial logistic regression on standardised vectors. Path: features -> **model**.

The same objective as scikit-learn's `LogisticRegression`, in coordinates in which it is nearly round: on 1,600
embeddings of 1,280 numbers that takes a tenth of the time, so that training again after one corrected label is quick.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.optimize import minimize

from florilegium.model.axes import FAINT, principal_axes
from florilegium.model.head import Head, Searched, asked
from florilegium.model.weights import Features, Linear
from florilegium.parallel import each_on_its_own_core
from florilegium.types import Floats, Ints, Progress, Vectors, silent

LADDER = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # C, as in scikit-learn: inverse penalty
START = 4  # C = 0.01 suits embeddings; from there up or down, as long as it helps
MAX_STEPS = 100
ROUGH, FINE = 1e-5, 1e-6  # relative change of the loss at which a fit stops: while choosing, and for good
# Multiplications per fit, about half a minute. With thousands of classes a fit stops early, which is a penalty too.
MAX_WORK = 2e12
MAX_AXES = 2_048  # above this many numbers and items, finding all axes costs more than it saves
N_AXES_WIDE = 1_024  # so only the strongest are kept
# Of any vectors the strongest axes are enough, and fits are quicker: on flowers20 (new sources / known ones) 400 axes
# give 64.4 / 83.4 %, 640 give 65.7 / 83.5 %, all 1,280 give 65.4 / 83.8 %; one standard error is 1.9 / 0.9 points.
N_AXES = 640
STEP = "linear head"


@dataclass(frozen=True, slots=True, eq=False)
class _Turned:
    """Standardised vectors turned onto their principal axes, and what undoes that."""

    z: Vectors  # (n, r)
    axes: Vectors  # (d, r)
    spread: Floats  # (r,) mean square along each axis
    mean: Vectors  # (d,)
    scale: Vectors  # (d,)


class LinearHead(Head):
    """Multinomial logistic regression with an L2 penalty on all but the intercept."""

    name = "linear"
    _last: tuple[Features, _Turned] | None = None  # what `search` saw, turned; other folds of it are quick then

    def __init__(self, *, c: float = 0.01) -> None:
        """Remember C, the inverse strength of the penalty, as in scikit-learn."""
        self.c = c

    @classmethod
    def of(cls, weights: Linear) -> Self:
        """Give a head with weights that were learned elsewhere, for classes 0..k-1."""
        head = cls()
        head.classes_, head.weights_ = np.arange(len(weights.intercept)), weights
        return head

    def fit(self, x: Features, y: Ints) -> Self:
        """Learn from vectors (n, d) and class numbers (n,)."""
        self.classes_, numbers = np.unique(y, return_inverse=True)
        return self._learn(_turn(np.asarray(x, dtype=np.float32)), numbers, None)

    @classmethod
    def search(
        cls,
        x: Features,
        y: Ints,
        folds: Ints,
        *,
        k: int,
        seed: int,
        like: Head | None = None,
        progress: Progress = silent,
    ) -> Searched:
        """Choose C; see `Head.search`. The axes and scales come from all rows of `x`, which tells nothing of labels."""
        del seed
        turned = like.turned_for(x) if isinstance(like, cls) else None
        turned = turned or _turn(np.asarray(x, dtype=np.float32))
        path = _Path(turned, y, folds, k)
        if isinstance(like, cls):
            best = like.c
            path.look(best)
        else:
            best = LADDER[_climbed(lambda i: path.look(LADDER[i]), progress)]
        progress(STEP, 1, 1)
        head = cls(c=best)
        head.classes_ = np.arange(k)
        head._last = (x, turned)
        return Searched(
            head=head._learn(turned, y, path.middle(best)),
            scores=path.scores[best],
            settings=f"C = {best:g}",
            n_settings=len(path.scores),
        )

    def turned_for(self, x: Features) -> _Turned | None:
        """Give the turned vectors if `x` is the very array that this head was chosen on: they take long to find."""
        return self._last[1] if self._last is not None and self._last[0] is x else None

    def _learn(self, turned: _Turned, y: Ints, start: Floats | None) -> Self:
        coef, intercept = _solve(_Task(turned.z, y, len(self.classes_), turned.spread), self.c, start, tolerance=FINE)
        self.weights_ = _unturned(turned, coef, intercept)
        return self


class _Path:
    """Out-of-fold scores for one C after the other; each fit starts where the one with the last C ended."""

    def __init__(self, turned: _Turned, y: Ints, folds: Ints, k: int) -> None:
        self._turned, self._y, self._folds, self._k = turned, y, folds, k
        self._starts: dict[int, Floats] = {}
        self._ends: dict[float, list[Floats]] = {}
        self.scores: dict[float, Floats] = {}

    def look(self, c: float) -> int:
        """Give how many items are right out of fold."""
        if c not in self.scores:
            self.scores[c] = self._out_of_fold(c)
        return int((self.scores[c].argmax(axis=1) == self._y).sum())

    def middle(self, c: float) -> Floats | None:
        """Give the mean of the folds' solutions: where the fit on all items starts."""
        return np.mean(self._ends[c], axis=0) if self._ends[c] else None

    def _out_of_fold(self, c: float) -> Floats:
        found = np.zeros((len(self._y), self._k))

        def ask(fold: int) -> Floats:
            held = self._folds == fold
            one = _Task(self._turned.z[~held], self._y[~held], self._k, self._turned.spread)
            coef, intercept = _solve(one, c, self._starts.get(fold), tolerance=ROUGH)
            found[held] = self._turned.z[held] @ coef.astype(np.float32) + intercept
            return np.concatenate([coef.ravel(), intercept])

        todo = asked(self._folds)
        self._ends[c] = each_on_its_own_core(ask, todo)
        self._starts = dict(zip(todo, self._ends[c], strict=True))
        return found


def _climbed(look: Callable[[int], int], progress: Progress) -> int:
    """Give the place on the ladder where climbing on no longer helps; of equals the stronger penalty.

    Going down is tried only where going up did not help: one way or the other, nearly always, and each look costs.
    """
    best, n_right = START, look(START)
    for direction in (1, -1):
        while best == START or (best - START) * direction > 0:
            progress(STEP, abs(best - START) + 1, len(LADDER))
            if not 0 <= best + direction < len(LADDER):
                return best
            there = look(best + direction)
            if there < n_right or (there == n_right and direction > 0):
                break
            best, n_right = best + direction, there
    return best


def _turn(x: Vectors) -> _Turned:
    """Standardise and turn onto the principal axes; an axis without spread is left out."""
    mean = x.mean(axis=0, dtype=np.float64).astype(np.float32)
    scale = x.std(axis=0, dtype=np.float64).astype(np.float32)
    scale[scale < FAINT] = np.inf  # a constant tells nothing, and must not be divided by zero
    z = (x - mean) / scale
    axes = _axes(z)
    turned = z @ axes
    return _Turned(turned, axes, np.maximum(np.square(turned).mean(axis=0, dtype=np.float64), 1e-12), mean, scale)


def _axes(z: Vectors) -> Vectors:
    n, d = z.shape
    if min(n, d) > MAX_AXES:
        return principal_axes(z, N_AXES_WIDE, seed=0)[1]
    if n < d:
        values, vectors = np.linalg.eigh(z @ z.T)  # (n, n): the same axes as (d, d), and cheaper
        keep = values > 10 * FAINT * max(values[-1], 1e-12)
        axes = z.T @ vectors[:, keep] / np.sqrt(values[keep])
    else:
        values, axes = np.linalg.eigh(z.T @ z)  # (d, d)
        axes = axes[:, values > FAINT * max(values[-1], 1e-12)]
    return np.asarray(axes[:, -N_AXES:], dtype=np.float32)  # eigenvalues rise


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What one fit learns from."""

    z: Vectors  # (n, r)
    y: Ints  # (n,)
    k: int
    spread: Floats  # (r,)


def _solve(task: _Task, c: float, start: Floats | None, *, tolerance: float) -> tuple[Floats, Floats]:
    """Minimise mean log loss + |W|^2 / (2 C n) over W (r, k) and intercepts (k,).

    The unknowns are scaled by the root of an approximate second derivative along each axis, spread / k + 1 / (C n), so
    that L-BFGS sees a nearly round valley.
    Source of the bound: Boehning (1992), Annals of the Institute of Statistical Mathematics 44(1), 197-200.
    """
    (n, r), k = task.z.shape, task.k
    penalty = 1.0 / (c * n)
    root = np.sqrt(task.spread / k + penalty)  # (r,)
    loss = _Loss(task.z / root.astype(np.float32), task.y, k, (penalty / root**2)[:, None])
    widths = np.concatenate([np.repeat(root, k), np.ones(k)])
    n_steps = int(np.clip(MAX_WORK / (4.0 * n * max(r, 1) * k), 3, MAX_STEPS))
    first = np.zeros(r * k + k) if start is None else start * widths
    options = {"maxiter": n_steps, "ftol": tolerance, "gtol": 1e-5}
    # The library's types know fewer ways to call it.
    done = minimize(loss, first, jac=True, method="L-BFGS-B", options=options)  # type: ignore[call-overload]
    found: Floats = np.asarray(done.x, dtype=np.float64) / widths
    return found[: r * k].reshape(r, k), found[r * k :]


class _Loss:
    """Mean log loss with a penalty, and its gradient, as a function of all coefficients in one row."""

    def __init__(self, z: Vectors, y: Ints, k: int, shrink: Floats) -> None:
        self._z, self._y, self._shrink = z, y, shrink
        self._shape = (z.shape[1], k)
        self._rows = np.arange(len(y))

    def __call__(self, flat: Floats) -> tuple[float, Floats]:
        n_coef = self._shape[0] * self._shape[1]
        coef = flat[:n_coef].reshape(self._shape)  # (r, k)
        p = self._z @ coef.astype(np.float32)  # (n, r) @ (r, k): first scores, then probabilities, then errors
        p += flat[n_coef:].astype(np.float32)
        p -= p.max(axis=1, keepdims=True)
        truth = p[self._rows, self._y]
        np.exp(p, out=p)
        total = p.sum(axis=1, keepdims=True)
        value = float((np.log(total[:, 0]) - truth).mean(dtype=np.float64))
        p /= total
        p[self._rows, self._y] -= 1
        p /= len(p)
        gradient = (self._z.T @ p).astype(np.float64) + self._shrink * coef
        value += 0.5 * float((self._shrink * coef * coef).sum())
        return value, np.concatenate([gradient.ravel(), p.sum(axis=0, dtype=np.float64)])


def _unturned(turned: _Turned, coef: Floats, intercept: Floats) -> Linear:
    """Give the weights for vectors as they come: axes and standardising folded in."""
    whole = (turned.axes @ coef) / turned.scale[:, None]  # (d, r) @ (r, k) -> (d, k)
    shift = intercept - turned.mean.astype(np.float64) @ whole
    return Linear(coef=whole.astype(np.float32), intercept=shift.astype(np.float32))
