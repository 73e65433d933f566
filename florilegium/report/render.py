"""Turn templates and values into HTML, with everything escaped that comes from data. Path: **report** (its pages).

Reads this package's own templates, once, and no other file.
"""

import re
from functools import cache

from jinja2 import BaseLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from florilegium.evaluation.words import counted, percent, percent_bare, points
from florilegium.report.marking import strongest

NAME_MOST = 160  # characters: file systems allow 255 per part of a path, and nobody reads those
# What no page may hold: halves of surrogate pairs (names that are not UTF-8) and control characters.
UNPRINTABLE = re.compile("[\ud800-\udfff\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")


def render(template: str, **values: object) -> str:
    """Fill one template; a value that it needs and does not get is an error."""
    return _environment().get_template(template).render(**values)


@cache
def own(name: str) -> str:
    """Give one of our own files beside the templates as it is: a style sheet, a script."""
    return PackageLoader("florilegium.report").get_source(Environment(autoescape=True), name)[0]


def cleaned(value: object) -> object:
    r"""Replace in a text what cannot be written as UTF-8 or would confuse a browser; leave other values alone.

    >>> cleaned("na\x00me\udcff")
    'na�me�'
    """
    if isinstance(value, str) and not isinstance(value, Markup):
        return UNPRINTABLE.sub("\ufffd", value)
    return value


def short(name: str, most: int = NAME_MOST) -> str:
    """Take the middle out of a name that is too long to be shown.

    >>> short("a" * 9 + "b" * 9, most=7)
    'aaa…bbb'
    """
    half = (most - 1) // 2
    return name if len(name) <= most else f"{name[:half]}…{name[-half:]}"


def unbroken(sentence: str) -> str:
    r"""Keep each number and its percent sign on one line.

    >>> unbroken("91.7 % right")
    '91.7\xa0% right'
    """
    return sentence.replace(" %", "\u00a0%")


def breakable(name: str) -> Markup:
    """Shorten a file name, and let it break after its slashes and underscores instead of anywhere.

    >>> str(breakable("a<b/c"))
    'a&lt;b/<wbr>c'
    """
    escaped = escape(cleaned(short(name)))
    return Markup(str(escaped).replace("/", "/<wbr>").replace("_", "_<wbr>"))  # noqa: S704 - escaped just above


def strict_environment(loader: BaseLoader) -> Environment:
    """Give templates that escape what is data, strip what no page may hold, and know no missing value."""
    return Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=cleaned,
    )


@cache
def _environment() -> Environment:
    environment = strict_environment(PackageLoader("florilegium.report"))
    environment.filters |= {
        "breakable": breakable,
        "short": short,
        "strongest": strongest,
        "unbroken": unbroken,
        "percent": percent,
        "bare": percent_bare,
        "points": points,
        "counted": counted,
        "place": lambda share: f"{100 * share:.2f}%",
        "moment": lambda moment: moment.strftime("%Y-%m-%d %H:%M UTC"),
    }
    return environment
