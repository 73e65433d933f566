"""Fill the text templates of exported folders. Path: model -> **export**. Reads this package's own templates only."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from florilegium.report.plain import marked, plain

__all__ = ["fill", "marked", "plain"]


def fill(name: str, **values: object) -> bytes:
    """Give a template's text with these values; one that it needs and does not get is an error.

    Values stand in the text as they are: give names of data through `plain` or `marked` first.
    """
    return _environment().get_template(name).render(**values).encode()


@cache
def _environment() -> Environment:
    return Environment(  # noqa: S701 - what is written is no HTML
        loader=PackageLoader("florilegium.export"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
