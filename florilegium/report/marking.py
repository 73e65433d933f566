"""Cut a text into pieces by how much each word spoke for the answer. Path: **report** -> project. Values only.

Report, query desk, labelling and review show them by the macros of `_marked.html` and the colours of `marks.css`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

LEVELS = 3  # of strength; a reader tells no more apart
LEAST_SHARE = 0.15  # of the strongest word: weaker ones are left plain


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the text, and how much it spoke for the answer."""

    text: str
    strength: int  # 0: not, or against it; up to 3


def marked(text: str, words: Sequence[tuple[int, int, float]]) -> tuple[Piece, ...]:
    """Cut a text. Args: words: start, end and weight of each, in order, without overlaps.

    >>> pieces = marked("my card is lost", [(0, 2, 0.0), (3, 7, 0.5), (8, 10, 0.0), (11, 15, 1.0)])
    >>> [(piece.text, piece.strength) for piece in pieces]
    [('my ', 0), ('card', 2), (' is ', 0), ('lost', 3)]
    """
    most = max((weight for *_, weight in words), default=0.0)
    pieces: list[Piece] = []
    at = 0
    for start, end, weight in words:
        share = weight / most if most > 0 else 0.0
        if share < LEAST_SHARE or end <= start:
            continue
        if start > at:
            pieces.append(Piece(text[at:start], 0))
        pieces.append(Piece(text[start:end], min(LEVELS, 1 + int(share * LEVELS))))
        at = end
    if at < len(text):
        pieces.append(Piece(text[at:], 0))
    return tuple(pieces)


def strongest(pieces: Sequence[Piece]) -> str:
    """Name the marked words, the strongest first, each once: for ears, since a colour says nothing to them.

    >>> strongest(marked("my card is lost", [(0, 2, 0.0), (3, 7, 0.5), (8, 10, 0.0), (11, 15, 1.0)]))
    'lost, card'
    """
    found = sorted((piece for piece in pieces if piece.strength), key=lambda piece: -piece.strength)
    return ", ".join(dict.fromkeys(piece.text for piece in found))
