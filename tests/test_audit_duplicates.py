"""Finding copies: exact, near, by embedding, by perceptual hash, in pictures and texts."""

import gzip
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from florilegium import features, source
from florilegium.audit import Prints, combine, near_duplicates
from florilegium.audit.duplicates import AGREEING, SAME_PIXELS, SIMILAR, SIMILAR_TEXTS
from florilegium.features.looks import perceptual_hashes
from florilegium.features.text import normalised_hash, similarity_vectors
from florilegium.source.base import SourceSpec, Texts
from florilegium.types import Ints, Vectors

group_numbers = st.lists(st.integers(-1, 5), min_size=1, max_size=25)


def names(n: int) -> list[str]:
    """Give n content hashes, all different."""
    return [str(i) for i in range(n)]


def partition(groups: Ints) -> set[frozenset[int]]:
    """Give the groups as sets of rows."""
    return {frozenset(np.flatnonzero(groups == g).tolist()) for g in np.unique(groups)}


def spread(n: int, d: int, *, seed: int) -> Vectors:
    """Make rows in every direction."""
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def by_all_pairs(x: Vectors, threshold: float) -> set[frozenset[int]]:
    """Group rows (n, d) by comparing all pairs and following the chains, the plain way."""
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    groups = np.arange(len(x))
    for i, j in zip(*np.nonzero(unit @ unit.T >= threshold), strict=True):
        groups[groups == groups[j]] = groups[i]
    return partition(groups)


@given(first=group_numbers, second=group_numbers)
def test_what_shares_a_number_anywhere_is_together(first: list[int], second: list[int]) -> None:
    """Combining joins what a chain of shared numbers joins, and no more; the result counts from 0 by appearance."""
    n = min(len(first), len(second))
    combined = combine(np.array(first[:n]), np.array(second[:n]))
    together = [{i} for i in range(n)]
    for grouping in (first[:n], second[:n]):
        for i in range(n):
            for j in range(i):
                if grouping[i] == grouping[j] >= 0:
                    joined = together[i] | together[j]
                    for k in joined:
                        together[k] = joined

    assert partition(combined) == {frozenset(t) for t in together}
    assert list(dict.fromkeys(combined.tolist())) == list(range(combined.max() + 1))


def test_combining_nothing_gives_nothing() -> None:
    """No items, no groups."""
    assert combine(np.empty(0, dtype=np.int64)).tolist() == []


@given(contents=st.lists(st.sampled_from("abcdef"), max_size=30))
def test_equal_contents_are_exact_copies(contents: list[str]) -> None:
    """Without vectors, items are together exactly when their hashes are equal."""
    found = near_duplicates(contents)

    assert all(
        (found.exact[i] == found.exact[j]) == (contents[i] == contents[j])
        for i in range(len(contents))
        for j in range(len(contents))
    )
    assert np.array_equal(found.groups, found.exact)


@pytest.mark.parametrize("d", [5, 1280], ids=["narrow", "projected"])
@pytest.mark.parametrize("seed", range(3))
def test_groups_are_those_of_comparing_all_pairs(d: int, seed: int) -> None:
    """The two passes find what comparing all pairs finds, chains included, whatever the order of rows."""
    rng = np.random.default_rng(seed)
    x = spread(150, d, seed=seed)
    x = np.concatenate([x, x[:60] + rng.uniform(0.2, 0.9, (60, 1)).astype(np.float32) * spread(60, d, seed=seed + 50)])
    x -= x.mean(axis=0)
    order = rng.permutation(len(x))
    found = near_duplicates(names(len(x)), vectors=x)
    shuffled = near_duplicates(names(len(x)), vectors=x[order])

    assert partition(found.groups) == by_all_pairs(x, SIMILAR)
    assert partition(found.groups) == {frozenset(order[list(g)].tolist()) for g in partition(shuffled.groups)}


def test_copies_across_blocks_are_found() -> None:
    """Rows are compared a block of 2,048 at a time; a pair in two blocks is a pair."""
    x = spread(5000, 400, seed=0)
    x[4999] = x[3] * 2  # the same direction
    x[2500] = x[4] * 3

    assert {g for g in partition(near_duplicates(names(5000), vectors=x).groups) if len(g) > 1} == {
        frozenset({3, 4999}),
        frozenset({4, 2500}),
    }


def test_thousands_of_copies_of_one_picture_cost_little() -> None:
    """10,000 near copies make 50 million pairs; they are one group and never listed."""
    x = np.ones((10_000, 8), dtype=np.float32) + spread(10_000, 8, seed=1) * np.float32(0.01)
    tracemalloc.start()
    found = near_duplicates(names(10_000), vectors=x, centre=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert found.groups.max() == 0
    assert peak < 400 * 2**20  # bytes; 50 million pairs of row numbers would be 800 MB


def test_a_row_without_direction_is_like_nothing() -> None:
    """A picture that is the mean of all, or all zeros, is no copy of another such."""
    x = np.array([[1, 0], [-1, 0], [0, 0], [0, 0]], dtype=np.float32)

    assert len(partition(near_duplicates(names(4), vectors=x).groups)) == 4


def test_agreeing_hashes_need_less_likeness() -> None:
    """At 12 differing bits a cosine of 0.7 is enough, at 32 it is not; the mirror image counts; blank says nothing."""
    angle = np.arccos(0.7)
    x = np.array([[1, 0], [np.cos(angle), np.sin(angle)]], dtype=np.float32)
    whole, near, far = 0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_F000, 0xFFFF_FFFF_0000_0000

    def together(one: int, other: int, mirrored: int = 0x0F0F_0F0F_0F0F_0F0F) -> bool:
        prints = Prints(
            hashes=np.array([one, other], dtype=np.uint64), mirrored=np.array([mirrored] * 2, dtype=np.uint64)
        )
        return bool(near_duplicates(["a", "b"], vectors=x, prints=prints, centre=False).groups.max() == 0)

    assert dict(AGREEING)[12] <= 0.7 < dict(AGREEING)[14]
    assert together(whole, near)
    assert not together(whole, far)
    assert together(whole, far, mirrored=near)
    assert not together(0, 0)


@pytest.mark.parametrize("edit", ["half", "mirror", "bright"])
def test_a_changed_copy_keeps_its_hash(edit: str) -> None:
    """Half the size, seen in a mirror or brighter: at most 8 of 64 bits differ, so little cosine is needed."""
    rng = np.random.default_rng(4)
    small = rng.integers(0, 200, (6, 6, 3), dtype=np.uint8)
    photo = Image.fromarray(small).resize((96, 96), Image.Resampling.BICUBIC)
    changed = {
        "half": photo.resize((48, 48)),
        "mirror": ImageOps.mirror(photo),
        "bright": photo.point(lambda v: v + 40),
    }
    thumbs = np.stack([np.asarray(p.resize((32, 32))) for p in (photo, changed[edit])])
    hashes, mirrored = perceptual_hashes(thumbs)

    assert Prints(hashes=hashes, mirrored=mirrored).differ(np.array([0]), np.array([1]))[0] <= AGREEING[-1][0]


def test_edited_texts_are_near_and_others_are_not() -> None:
    """A word more in a long query is a near copy; another question is not; case and punctuation make an exact copy."""
    texts = [
        "I made a transfer within the country the day before yesterday and it has not arrived yet",
        "Hello I made a transfer within the country the day before yesterday and it has not arrived yet",
        "Where can I see the exchange rate of the pound?",
        "where can i see the exchange rate of the pound",
    ]
    hashes = [normalised_hash(t) for t in texts]
    found = near_duplicates(hashes, vectors=similarity_vectors(texts), threshold=SIMILAR_TEXTS)

    assert found.groups.tolist() == [0, 0, 1, 1]
    assert found.exact.tolist() == [0, 1, 2, 2]


def test_sparse_rows_are_grouped_as_dense_ones() -> None:
    """Texts without a single term are near nothing; else sparse and dense give the same groups."""
    dense = np.maximum(spread(300, 500, seed=2), 0)
    dense[200:] = dense[:100] + 0.3 * np.maximum(spread(100, 500, seed=3), 0)
    dense[0] = dense[1] = 0
    sparse = near_duplicates(names(300), vectors=sp.csr_array(dense), threshold=0.9)
    plain = near_duplicates(names(300), vectors=dense, threshold=0.9, centre=False)

    assert partition(sparse.groups) == partition(plain.groups)
    assert frozenset({0}) in partition(sparse.groups)
    assert len(partition(sparse.groups)) < 300


@pytest.mark.data
def test_flowers_with_near_copies_are_grouped(data: Path) -> None:
    """Among the flowers' thumbnails and hashes, no group joins two kinds of flower."""
    harvest = source.read(SourceSpec(location="flowers20"))
    encoder = features.backbone("mobilenetv2_100_tf")
    rows = [i for i, s in enumerate(harvest.samples) if s.label in {"lily", "lotus"}]
    # Files have paths.
    contents = source.base.Files(tuple(harvest.contents.paths[i] for i in rows))  # type: ignore[union-attr]
    survey = features.survey(contents, [harvest.samples[i].sha256 for i in rows], encoders=[encoder], cache_dir=None)
    looks = survey.looks
    found = near_duplicates(
        names(len(rows)),
        vectors=next(iter(survey.encoded.values())).vectors,
        prints=Prints(hashes=looks.hashes, mirrored=looks.mirrored),  # type: ignore[arg-type]  # fields by name
    )
    groups = [g for g in partition(found.groups) if len(g) > 1]

    assert data.is_dir()
    assert len(groups) >= 15  # seen by eye: docs/audit.md
    assert all(len({harvest.samples[rows[i]].label for i in g}) == 1 for g in groups)


@pytest.mark.data
def test_test_texts_of_banking77_that_are_in_train_are_found(data: Path) -> None:
    """Seven queries of the published test set stand in the training set too, but for case, spacing and punctuation."""
    harvest = source.read(SourceSpec(location="banking77"))
    assert isinstance(harvest.contents, Texts)
    strings = harvest.contents.strings
    exact = near_duplicates([normalised_hash(t) for t in strings]).exact
    side = np.array([s.side for s in harvest.samples])
    loose = np.array([hash(" ".join(t.casefold().split())) for t in strings])
    both = np.isin(loose, np.intersect1d(loose[side == "train"], loose[side == "test"]))

    assert data.is_dir()
    assert both.sum() >= 7
    assert all(len(set(exact[loose == h])) == 1 for h in loose[both])


@pytest.mark.data
def test_written_digits_are_no_copies_of_each_other(data: Path) -> None:
    """Among 10,000 test digits of MNIST, hardly two are taken for copies, though many ones look alike."""
    (path,) = (data / "mnist").glob("t10k-images*.gz")
    pixels = np.frombuffer(gzip.decompress(path.read_bytes()), dtype=np.uint8, offset=16).reshape(10_000, 784)
    found = near_duplicates(names(10_000), vectors=pixels.astype(np.float32), threshold=SAME_PIXELS, centre=False)

    assert len(np.unique(found.groups)) >= 9_995
