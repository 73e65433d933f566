"""The audit trail of appeals as one page for the printer. Path: **report** -> project. Computes nothing."""

from collections.abc import Mapping
from typing import Any

from florilegium.report.render import render


def build_trail(trail: Mapping[str, Any]) -> str:
    """Give the page as one HTML text.

    Args: trail: as `project.recourse.trail.document` gives it.
    """
    return render("trail.html", trail=trail)
