r"""Turn a note's plain text into what Anki shows. Path: note -> **markup** -> deck. Lets nothing through that acts.

Anki runs scripts in fields, fetches addresses, and reads [sound:...], [latex] and \( ... \) out of them.
"""

import re
from html import escape

from florilegium.cards.note import CLOZE, Kind, Note

_SHIELD = "\u2060"  # word joiner: invisible, and it parts what would start MathJax
_MATHS = re.compile(r"\\([(\[])")
_CONTROL = re.compile("[\ud800-\udfff\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")  # Anki parts fields with \x1f


def text_html(text: str) -> str:
    r"""Escape a plain text so that Anki shows its letters and does nothing else.

    >>> text_html("<b>[sound:x.mp3]\x1f")
    '&lt;b&gt;&#91;sound:x.mp3]�'
    """
    plain = _MATHS.sub(rf"\\{_SHIELD}\1", _CONTROL.sub("\ufffd", text))
    return escape(plain).replace("[", "&#91;").replace("\n", "<br>")


def cloze_html(text: str) -> str:
    """Escape a text and leave its hidden parts marked.

    >>> cloze_html("1 < {{c1::<b>::a hint}}")
    '1 &lt; {{c1::&lt;b&gt;::a hint}}'
    """
    made, end = [], 0
    for found in CLOZE.finditer(text):
        hint = f"::{text_html(found[3])}" if found[3] else ""
        made += [text_html(text[end : found.start()]), f"{{{{c{int(found[1])}::{text_html(found[2])}{hint}}}}}"]
        end = found.end()
    return "".join([*made, text_html(text[end:])])


def field_html(note: Note, name: str) -> str:
    """Give one field of a note as Anki keeps it."""
    value = note.fields.get(name, "")
    if value and value in note.pictures:
        return f'<img src="{escape(value)}" alt="the picture to name">'
    return cloze_html(value) if note.kind is Kind.CLOZE and name == "text" else text_html(value)
