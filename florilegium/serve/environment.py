"""The templates of all served pages, with the filters that they share. Path: **serve**. Escapes what is data."""

from collections.abc import Callable

from jinja2 import ChoiceLoader, Environment, PackageLoader

from florilegium.evaluation.words import counted, percent, percent_bare
from florilegium.export.phrases import one_in
from florilegium.report.marking import strongest
from florilegium.report.render import breakable, strict_environment, unbroken

# The last lends its macros for marked words.
PLACES = (("florilegium.serve",), ("florilegium.export", "assets"), ("florilegium.report",))


def page_environment(**filters: Callable[..., object]) -> Environment:
    """Give the templates of `serve` and what the exported page lends them; `filters` are a page's own."""
    environment = strict_environment(ChoiceLoader([PackageLoader(*place) for place in PLACES]))
    environment.filters |= {
        "breakable": breakable,
        "counted": counted,
        "one_in": one_in,
        "strongest": strongest,
        "percent": lambda share: unbroken(percent(share)),
        "bare": percent_bare,
        "unbroken": unbroken,
        "place": lambda share: f"{100 * min(max(share, 0.0), 1.0):.2f}",
        **filters,
    }
    return environment
