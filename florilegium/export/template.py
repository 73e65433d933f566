"""Fill the text templates of exported folders. Path: model -> **export**. Reads this package's own templates only."""

import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&-])")  # what Markdown would take for its own
NAME_MOST = 120  # characters of a title
UNPRINTABLE = re.compile("[\ud800-\udfff\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")


def fill(name: str, **values: object) -> bytes:
    """Give a template's text with these values; one that it needs and does not get is an error.

    Values stand in the text as they are: give names of data through `plain` or `marked` first.
    """
    return _environment().get_template(name).render(**values).encode()


def plain(text: str) -> str:
    r"""Give a name in one printable line of at most 120 characters.

    >>> plain("rose\n\x1b[2Jgarden")
    'rose\ufffd\ufffd[2Jgarden'
    """
    return UNPRINTABLE.sub("\ufffd", text[:NAME_MOST])


def marked(text: str) -> str:
    r"""Give a name for Markdown, where none of its signs shall command.

    >>> marked("[free](http://x) <b>")
    '\\[free\\]\\(http://x\\) \\<b\\>'
    """
    return SPECIAL.sub(r"\\\1", plain(text))


@cache
def _environment() -> Environment:
    return Environment(  # noqa: S701 - what is written is no HTML
        loader=PackageLoader("florilegium.export"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
