"""Every term in one line, told where it first appears. Path: **report** (used by its build).

Holds words only; which of them a page needs, its templates say by using them.
"""

from markupsafe import Markup

MEANINGS = {
    "model": "what was learned from your labelled items; for items it never saw it gives an answer, and how sure it is",
    "accuracy": "the share of answers that are right",
    "range": "where the true figure lies, as far as this many items can tell. It misses in 5 of 100 cases, unless "
    "another figure is given. Few items, wide range",
    "baseline": "a simple rule that learns little or nothing. A model that does not beat it is not worth its trouble",
    "sealed test set": "items put aside before any training, looked at for a verdict only; each look is counted",
    "opening": "one look at the sealed test set",
    "cross-validation": "each training item is answered by a model that was trained without it, so all can be used",
    "sources never seen": "all items of a source (a site, a person, a camera) are kept out of training together: "
    "what to expect where somebody new took the photo or wrote the text",
    "the same sources": "new items from sites, persons or cameras that it has learned from",
    "group": "items that belong together, such as copies or one person's series; never split between training and test",
    "near-duplicate": "an item so much like another that knowing one gives the other away",
    "p-value": "how often chance alone would show a difference this large between two models that are equally good",
    "confusion matrix": "a table of labels and answers: the row is the item's label, the column the model's answer",
    "confidence": "how sure the model says it is of its answer",
    "calibrated": "of the answers given with 90 % confidence, 90 % are right",
    "calibration error": "how far, on average, the confidence is from the share that is right",
    "found": "of the items of this class, the share that the model recognised (recall)",
    "right when said": "of the items that the model put into this class, the share that belongs there (precision)",
    "abstains": "the model says that it does not know, because it is not sure enough",
    "finding": "something in the data that a check holds doubtful. You decide",
    "seed": "the number that all chance was drawn from: the same seed gives the same result",
    "hash": "a fingerprint of a file: equal fingerprints, equal contents",
    "human ceiling": "how often a person, asked again without seeing the label, gives the label on record",
    "human baseline": "how often people are right on items that they see for the first time",
    # The page of the six biases.
    "Holm's correction": "who compares often finds something by chance; so each of many comparisons has to be clearer "
    "than a single one would have to be (Holm 1979)",
    "p, corrected": "how often chance alone would show a gap this large, counted over all comparisons of the page",
    "precision": "of those who were told yes, the share for whom it was true",
    "miss rate": "of those for whom yes was true, the share who were told no (false negative rate)",
    "false alarm rate": "of those for whom no was true, the share who were told yes (false positive rate)",
}


class Glossary:
    """Marks each term once and hands out what is to be explained next to it."""

    def __init__(self) -> None:
        self._met: set[str] = set()
        self._waiting: list[str] = []

    def term(self, name: str, text: str | None = None) -> Markup:
        """Write a term; where it is met for the first time, mark it, and keep its meaning for `taken`.

        >>> str(Glossary().term("seed"))
        '<dfn>seed</dfn>'
        """
        shown = name if text is None else text
        if name in self._met:
            return Markup("{}").format(shown)
        MEANINGS[name]  # an unknown term is a mistake in a template: KeyError
        self._met.add(name)
        self._waiting.append(name)
        return Markup("<dfn>{}</dfn>").format(shown)

    def explained(self, name: str) -> Markup:
        """Write a term with its meaning right behind it: for places that a reader may never open."""
        self._met.add(name)
        return Markup('<dfn>{}</dfn> <span class="soft small">({})</span>').format(name, MEANINGS[name])

    @staticmethod
    def meaning(name: str) -> str:
        """Give a term's meaning alone."""
        return MEANINGS[name]

    def taken(self) -> list[tuple[str, str]]:
        """Give the terms met since the last call, with their meanings."""
        fresh, self._waiting = self._waiting, []
        return [(name, MEANINGS[name]) for name in fresh]
