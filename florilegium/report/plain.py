"""Names of data as text and as Markdown, where none of their signs command. Path: **report** -> journal, export."""

import re

SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&-])")  # what Markdown would take for its own
WITHIN = re.compile(r"([\\`*_\[\]<>~|&^])")  # of these, what commands in the middle of a line
NAME_MOST = 120  # characters of a title
UNPRINTABLE = re.compile("[\ud800-\udfff\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")


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


def worded(text: str) -> str:
    r"""Give a name for the middle of a line of Markdown, with as few escapes as are safe there.

    >>> worded("nearest *mean* (L2) [x](y)")
    'nearest \\*mean\\* (L2) \\[x\\](y)'
    """
    return WITHIN.sub(r"\\\1", plain(text))
