"""The audit trail of appeals as one page for the printer. Path: **report** -> project. Computes nothing."""

from collections.abc import Mapping
from typing import Any

from florilegium.report.render import render


def build_trail(trail: Mapping[str, Any]) -> str:
    """Give the page as one HTML text.

    Args: trail: as `project.recourse.trail.document` gives it.
    """
    cases = [{**case, "steps": [_told(step) for step in case["steps"]]} for case in trail["cases"]]
    return render("trail.html", trail={**trail, "cases": cases})


def _told(step: Mapping[str, Any]) -> dict[str, Any]:
    return {**step, "details": in_words(step["details"])}


def in_words(details: Mapping[str, Any]) -> dict[str, Any]:
    """Give the details of a step as people read them: who named no class blind, either saw none of them or cannot tell.

    >>> in_words({"label": None, "none": True}), in_words({"label": None, "none": False}), in_words({"days": 14})
    ({'label': 'none of the classes'}, {'label': 'could not tell'}, {'days': 14})
    """
    told = {name: value for name, value in details.items() if name != "none"}
    if "none" in details and told["label"] is None:
        told["label"] = "none of the classes" if details["none"] else "could not tell"
    return told
