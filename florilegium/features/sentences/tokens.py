"""Turn texts into token numbers with a tokenizer.json. Path: **features.sentences**. Needs the extra `text`."""

import unicodedata
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from florilegium.errors import ModelFileError, SettingError
from florilegium.features.sentences.encoder import TokenRules
from florilegium.features.text import readable
from florilegium.types import Ints


class Tokens:
    """A tokenizer, ready to run; may be used by several threads at once."""

    def __init__(self, rules: TokenRules, *, where: str) -> None:
        """Parse the tokenizer.

        Raises: SettingError: `tokenizers` is not installed.  ModelFileError: it is no tokenizer.
        """
        try:
            from tokenizers import Tokenizer
        except ModuleNotFoundError as error:
            raise SettingError(
                f"{where}: sentence encoders need {error.name}, which is not installed. "
                "Run: pip install 'florilegium[text]'"
            ) from error
        self.rules = rules
        try:
            self._made: Any = Tokenizer.from_str(rules.tokenizer)
        except Exception as error:  # the library raises plain Exception, whatever is wrong
            raise ModelFileError(f"{where}: its tokenizer cannot be read: {str(error)[:150]}.") from error
        self._where = where
        self._made.no_padding()
        self._made.enable_truncation(rules.max_tokens)
        self._ends = self._encoded(self._made.encode_batch_fast, ["a"])[0].ids  # also what stands around every text

    @property
    def n_pieces(self) -> int:
        """Give one more than the largest number that a token may have."""
        return 1 + max([*self._made.get_vocab(with_added_tokens=True).values(), *self._ends], default=0)

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """Give the token numbers of each text, cut at `max_tokens`; at least one token each."""
        encodings = self._encoded(self._made.encode_batch_fast, self._prepared(texts))
        return [encoding.ids or [self._nothing] for encoding in encodings]

    def n_cut(self, texts: Sequence[str]) -> int:
        """Count the texts whose end is not read, because they have more tokens than the network takes."""
        # Short texts need not be counted. One less: some tokenizers put a space before every text.
        room = self.rules.max_tokens - self._made.num_special_tokens_to_add(is_pair=False) - 1
        long = [text for text in self._prepared(texts) if most_tokens(text) > room]
        return sum(bool(encoding.overflowing) for encoding in self._encoded(self._made.encode_batch, long))

    def _encoded(self, encode: Callable[[list[str]], list[Any]], texts: list[str]) -> list[Any]:
        """Encode, and say in words what is wrong with the tokenizer where it cannot."""
        try:
            return encode(texts)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a tokenizer that contradicts itself panics, which is no Exception
            raise ModelFileError(
                f"{self._where}: its tokenizer cannot be run: {str(error)[:150]}. Expected the tokenizer.json that "
                "belongs to the network; fetch the folder again."
            ) from error

    def _prepared(self, texts: Sequence[str]) -> list[str]:
        plain = [self.rules.prefix + readable(text) for text in texts]
        return [text.lower() for text in plain] if self.rules.lowercase else plain

    @cached_property
    def _nothing(self) -> int:
        """Give the number that stands for a text in which the tokenizer finds nothing."""
        vocabulary = self._made.get_vocab(with_added_tokens=True)
        return next((vocabulary[name] for name in ("[UNK]", "<unk>") if name in vocabulary), 0)


def most_tokens(text: str) -> int:
    """Give how many tokens a text may have, whatever the tokenizer: one for each byte.

    Some tokenizers write the text in another normal form first; the compatible decomposition is the longest.

    >>> most_tokens("card"), most_tokens("\N{GRINNING FACE}"), most_tokens("\N{VULGAR FRACTION ONE HALF}")
    (4, 4, 5)
    """
    if text.isascii():
        return len(text)
    return max(len(form.encode()) for form in (text, unicodedata.normalize("NFKD", text)))


def padded_tokens(rows: Sequence[Sequence[int]]) -> tuple[Ints, Ints]:
    """Write token numbers as the graph takes them: numbers and mask, int64 (n, t); free places hold 0.

    >>> padded_tokens([[5, 7], [9]])
    (array([[5, 7],
           [9, 0]]), array([[1, 1],
           [1, 0]]))
    """
    shape = (len(rows), max(map(len, rows), default=1))
    ids, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for i, row in enumerate(rows):
        ids[i, : len(row)], mask[i, : len(row)] = row, 1
    return ids, mask
