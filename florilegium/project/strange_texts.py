"""Texts that belong to no class, to measure what a model of sentences does with them. Path: **project** (shell)."""

from collections.abc import Callable

import numpy as np

from florilegium.project.strangers import N_MADE_UP, WORDS

KEYS = "abcdefghijklmnopqrstuvwxyz      "
SIGNS = "😀🎉🔥💡🍀🚗🎵❤✨🌍?!.,;:-…"
SCRIPTS = (("а", 32), ("α", 24), ("ا", 26), ("अ", 40), ("ぁ", 80), ("가", 400))  # a first letter, and how many follow


def made_up_texts(*, seed: int, n: int = N_MADE_UP) -> dict[str, list[str]]:
    """Write texts that say nothing: kind -> n texts. Equal seed, equal texts.

    >>> {kind: len(texts) for kind, texts in made_up_texts(seed=0, n=2).items()}
    {'keys hit at random': 2, 'shuffled small words': 2, 'emoji and signs': 2, 'letters of other scripts': 2}
    """
    writers: dict[str, Callable[[np.random.Generator], str]] = {
        "keys hit at random": lambda rng: _drawn(rng, KEYS, 10, 80),
        "shuffled small words": lambda rng: " ".join(rng.permutation(WORDS.split())[: rng.integers(4, 20)]),
        "emoji and signs": lambda rng: _drawn(rng, SIGNS, 1, 12),
        "letters of other scripts": _foreign,
    }
    rngs = np.random.default_rng(seed).spawn(len(writers))
    return {kind: [write(rng) for _ in range(n)] for (kind, write), rng in zip(writers.items(), rngs, strict=True)}


def _drawn(rng: np.random.Generator, letters: str, least: int, most: int) -> str:
    drawn = rng.integers(len(letters), size=rng.integers(least, most))
    return "".join(letters[i] for i in drawn).strip() or letters[0]


def _foreign(rng: np.random.Generator) -> str:
    first, n = SCRIPTS[int(rng.integers(len(SCRIPTS)))]
    words = [
        "".join(chr(ord(first) + int(i)) for i in rng.integers(n, size=rng.integers(2, 8)))
        for _ in range(rng.integers(2, 10))
    ]
    return " ".join(words)
