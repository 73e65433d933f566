"""Fill the templates of the study page. Path: **serve**. Everything that comes from cards is escaped."""

from datetime import timedelta
from functools import cache

from jinja2 import Environment

from florilegium.cards.schedule import wait_words
from florilegium.project.studying import Shown, Study
from florilegium.serve.environment import page_environment
from florilegium.serve.study.charts import bars, shares

SAID = {
    "elsewhere": "That card was answered in another tab or on another device meanwhile; nothing was recorded.",
    "undone": "Taken back. Here is the card again.",
    "nothing": "There is nothing to take back.",
    "kept": "Kept.",
}


def study_page(study: Study, shown: Shown | None, *, said: str) -> str:
    """Give the page with one card, or the word that nothing is due."""
    counts = study.counts()
    forecast = study.account().progress.forecast if shown is None else ()
    return _fill(
        "study.html",
        tab="study",
        shown=shown,
        counts=counts,
        n_new=min(counts.n_new, study.n_new_left),
        said=SAID.get(said, ""),
        clock_behind=study.clock_behind,
        choices=study.choices,
        coming=next((day for day in forecast[1:] if day.n), None),
        tomorrow=forecast[1].day if forecast else None,
        has_project=study.has_project,
        empty=study.empty,
    )


def progress_page(study: Study) -> str:
    """Give the page that shows how studying goes."""
    account = study.account()
    found = account.progress
    return _fill(
        "progress.html",
        tab="progress",
        account=account,
        found=found,
        forecast=bars([(day.day, day.n) for day in found.forecast]),
        retention=shares(found.retention),
        has_project=study.has_project,
    )


def words_page(message: str) -> str:
    """Give a page that says what went wrong."""
    return _fill("words.html", tab="", message=message)


def _fill(template: str, **values: object) -> str:
    return _environment().get_template(f"study/{template}").render(**values)


def _wait(wait: timedelta) -> str:
    return wait_words(wait).replace(" ", "\u00a0")


@cache
def _environment() -> Environment:
    return page_environment(wait=_wait)
