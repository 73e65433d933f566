"""A project's items as points in one small space, for tests that ask who is near whom. Path: **project** (shell)."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from florilegium import features
from florilegium.errors import SettingError
from florilegium.features.text import TextCounts, idf_of, tfidf
from florilegium.model.axes import principal_axes
from florilegium.project.holdings import Holdings
from florilegium.source import folder
from florilegium.source.base import Kind
from florilegium.types import Ints, Vectors

if TYPE_CHECKING:
    from florilegium.project.project import Project

N_AXES = 64  # of an embedding; what is left out is mostly what single photos differ in
TEXTS_MOST = 20_000  # that the axes of texts are learned from


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Space:
    """Points of some items, and what puts other pictures into the same space."""

    points: Vectors  # (n, p)
    mean: Vectors  # (d,)
    axes: Vectors  # (d, p)


def space_of(holdings: Holdings, rows: Ints, *, seed: int, n_axes: int = N_AXES) -> Space:
    """Put these rows of the holdings into a space of at most `n_axes` axes, the strongest first."""
    texts = holdings.texts(rows)
    if texts is not None:
        return _space_of_texts(texts, seed=seed, n_axes=n_axes)
    vectors = next(iter(holdings.survey.encoded.values())).vectors[rows]
    mean, axes = principal_axes(vectors, n_axes, seed=seed)
    return Space(points=np.asarray((vectors - mean) @ axes, dtype=np.float32), mean=mean, axes=axes)


def _space_of_texts(texts: tuple[str, ...], *, seed: int, n_axes: int) -> Space:
    """Take the strongest axes of weighted terms (latent semantic analysis)."""
    from sklearn.decomposition import TruncatedSVD  # loads a second; only this needs it

    counts = TextCounts.learn(texts).counts(texts)
    weighed = tfidf(counts, idf_of(counts))
    n_axes = min(n_axes, weighed.shape[1] - 1, weighed.shape[0] - 1)
    if n_axes < 1:
        nowhere = np.zeros((len(texts), 1), dtype=np.float32)
        return Space(points=nowhere, mean=nowhere[0], axes=nowhere[:1])
    some = np.random.default_rng(seed).permutation(len(texts))[:TEXTS_MOST]
    svd = TruncatedSVD(n_axes, random_state=seed).fit(weighed[some])
    axes = svd.components_.T.astype(np.float32)
    points = np.asarray(weighed @ axes, dtype=np.float32)
    return Space(points=points, mean=np.zeros(len(axes), dtype=np.float32), axes=axes)


def points_of_folder(project: "Project", holdings: Holdings, space: Space, path: Path) -> Vectors:
    """Put the unlabelled pictures of a folder into the space of a project's pictures; (m, p).

    Raises: SettingError: the project is about texts.  SourceError: no picture in it.
    """
    if holdings.dataset.kind is not Kind.IMAGE:
        raise SettingError(f"--target {path}: a folder of items is for pictures. For texts give a table of shares.")
    harvest = folder.read(path, known={}, progress=project.progress)
    encoded = features.encode(
        harvest.contents,
        [sample.sha256 for sample in harvest.samples],
        encoder=holdings.choice.encoders[0],
        cache_dir=project.cache,
        progress=project.progress,
    )
    return np.asarray((encoded.vectors[encoded.ok] - space.mean) @ space.axes, dtype=np.float32)
