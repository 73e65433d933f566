"""Understand the words train, test and validation, in folders and columns. Path: **source** -> dataset."""

from collections.abc import Set as AbstractSet

from florilegium.source.base import Side

TRAIN_WORDS = frozenset({"train", "training", "trn"})
TEST_WORDS = frozenset({"test", "testing", "tst", "holdout", "eval", "evaluation"})
VALIDATION_WORDS = frozenset({"val", "valid", "validation", "dev"})
SIDE_WORDS = TRAIN_WORDS | TEST_WORDS | VALIDATION_WORDS


def side_of_words(words: AbstractSet[str], *, what: str) -> tuple[dict[str, Side], list[str]]:
    """Give each word's side, and what to tell about it.

    Test is the sealed side. Validation counts as train where there is a test, because models are chosen by
    cross-validation; otherwise validation is what is sealed.

    Args: words: in lower case, all of `SIDE_WORDS`.  what: "folder", "file" or "row", for the telling.

    >>> side_of_words({"train", "val"}, what="folder")[0]["val"].value
    'test'
    """
    has_test = bool(words & TEST_WORDS)
    validation = Side.TRAIN if has_test else Side.TEST
    sides = {
        word: Side.TEST if word in TEST_WORDS else validation if word in VALIDATION_WORDS else Side.TRAIN
        for word in words
    }
    sealed = ", ".join(sorted(repr(word) for word, side in sides.items() if side is Side.TEST))
    said = [f"The source brings its own split: {what}s called {sealed} are sealed as the test set."] if sealed else []
    if has_test and words & VALIDATION_WORDS:
        named = ", ".join(sorted(repr(word) for word in words & VALIDATION_WORDS))
        said.append(f"{what.capitalize()}s called {named} are learned from too: models are chosen by cross-validation.")
    return sides, said
