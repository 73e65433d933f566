"""How a result shows itself in a notebook. Path: **evaluation** (used by its values).

Plain HTML without scripts or style sheets, so that any notebook shows it. The full page is `report`'s work.
"""

from collections.abc import Iterable, Sequence
from html import escape


def table_html(sentence: str, *, head: Sequence[str], rows: Iterable[Sequence[str]], notes: Iterable[str]) -> str:
    """Give a sentence, a table whose first column names the rows, and notes below; every text is escaped.

    >>> table_html("1 < 2", head=["", "right"], rows=[], notes=[])
    '<div><p><strong>1 &lt; 2</strong></p><table><tr><th></th><th>right</th></tr></table></div>'
    """
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    listed = "".join(f"<li>{escape(note)}</li>" for note in notes)
    below = f"<ul>{listed}</ul>" if listed else ""
    return f"<div><p><strong>{escape(sentence)}</strong></p><table><tr>{top}</tr>{body}</table>{below}</div>"


def _cells(row: Sequence[str]) -> str:
    name, *others = row
    return f"<th scope='row'>{escape(name)}</th>" + "".join(f"<td>{escape(cell)}</td>" for cell in others)
