"""Write a classifier's page: one HTML text for a server and for a folder of files. Path: **export** -> serve.

Everything that comes from a model file or from a reader is escaped; the page holds no script and no style of its own,
and names no other host. Reads this package's own templates and no other file.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from florilegium.evaluation.words import counted, percent, percent_bare
from florilegium.export import phrases
from florilegium.report.render import breakable, cleaned

ASSETS = Path(__file__).parent / "assets"
FEW_MOST = 4  # answers that are shown large; app.js says the same
SHOWN_MOST = 200  # classes that the page lists; the card has all
# Named one by one: an iPhone asked for these converts its HEIC photos to JPEG by itself; for "image/*" it does not.
ACCEPT = "image/jpeg,image/png,image/webp,image/gif,image/bmp,image/avif,image/tiff,.jpg,.jpeg,.png,.webp,.gif,.bmp"
# File of a page -> file of ours, whatever reads the photos; the engine comes beside them as engine.js.
FILES: Mapping[str, str] = MappingProxyType(
    {name: name for name in ("style.css", "theme.js", "app.js", "icon.svg", "icon-192.png")}
)
_FILTERS: Mapping[str, Callable[..., object]] = MappingProxyType(
    {
        "percent": percent,
        "bare": percent_bare,
        "counted": counted,
        "breakable": breakable,
        "place": lambda share: f"{100 * min(max(share, 0.0), 1.0):.2f}%",
        **{
            name: getattr(phrases, name)
            for name in (
                "state",
                "said",
                "because",
                "facts",
                "origin",
                "tally",
                "one_in",
                "roman",
                "lead",
                "rest",
                "day",
                "scores",
            )
        },
    }
)


def page_html(
    card: Mapping[str, Any],
    *,
    engine: str,
    answers: Sequence[Mapping[str, Any]] = (),
    notice: str | None = None,
    max_bytes: int | None = None,
    policy: str | None = None,
    recourse: Mapping[str, Any] | None = None,
) -> str:
    """Give the page.

    Args:
        card: from `page_card`.
        engine: "server" where photos are sent to one, "local" where the browser reads them itself.
        answers: answers that the page shows as it comes, for readers without scripts; each may have a `preview`.
        notice: something that went wrong with the whole request.
        max_bytes: of one photo; the page says so and refuses larger ones before they are sent.
        policy: a Content-Security-Policy that the page carries itself, where no server sends one.
        recourse: where answers are recorded and can be contested: `audit_share` (0..1) of them is kept for a person
            to look at; `key`: the number of this page's form; `has_people`: there are accounts, so it offers
            to sign in.
    """
    return (
        environment()
        .get_template("page.html")
        .render(
            card=card,
            engine=engine,
            answers=answers,
            notice=notice,
            max_bytes=max_bytes,
            policy=policy,
            recourse=recourse,
            accept=ACCEPT,
            shown_most=SHOWN_MOST,
            few_most=FEW_MOST,
            threshold=(card["abstention"] or {}).get("threshold"),
            labels=phrases.labels(card),
            weakest=phrases.weakest(card),
            confusions=phrases.confusions(card),
            abstention=phrases.abstention(card),
            calibrated=phrases.calibrated(card["verdict"]),
            card_text=_rendered(card["text"]),
        )
    )


@cache
def environment() -> Environment:
    """Give the templates with the filters that they use."""
    environment = Environment(
        loader=PackageLoader("florilegium.export", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= dict(_FILTERS)
    return environment


def _shown(value: object) -> object:
    """Give a value as a page can hold it; a number and its percent sign stay on one line."""
    value = cleaned(value)
    return value.replace(" %", "\u00a0%") if isinstance(value, str) and not isinstance(value, Markup) else value


def _rendered(text: str) -> Markup:
    """Turn the model card's Markdown into HTML; HTML in it is shown as text, pictures are left out, headings sink."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("js-default", {"html": False, "linkify": False}).disable("image")
    tokens = markdown.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"  # they stand below the page's own h2
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))  # noqa: S704 - it escapes what it does not make
