"""The report, the audit and the biases, as the commands wrote them into the project's folder. Path: **serve**.

Each is a page of its own that loads nothing. It is shown in a sandbox: whatever a file name or a text in it tries, it
speaks with no cookie of ours and to no page of ours.
"""

import base64
import hashlib
import re
from pathlib import Path

from fastapi import APIRouter, Depends, Request
from markupsafe import Markup
from starlette.responses import Response

from florilegium.errors import StepMissing
from florilegium.project.auditing import PAGE_NAME as AUDIT_NAME
from florilegium.project.biasing import PAGE_NAME as BIAS_NAME
from florilegium.project.kept import REPORT_NAME
from florilegium.serve.accounts import labeller
from florilegium.serve.assets import tag_of, tagged
from florilegium.serve.context import Whole
from florilegium.serve.page import HTML
from florilegium.serve.staff import HOME, at

PAGES = {"/report": (REPORT_NAME, "report"), "/audit": (AUDIT_NAME, "audit"), "/bias": (BIAS_NAME, "bias")}
_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


def written_routes(whole: Whole) -> APIRouter:
    """Give the routes of the pages that were written before."""
    router = APIRouter(dependencies=[Depends(labeller)], include_in_schema=False)
    for path, (name, command) in PAGES.items():
        _add(router, path, whole.project.folder / name, command)
    return router


def _add(router: APIRouter, path: str, file: Path, command: str) -> None:
    def page(request: Request) -> Response:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise StepMissing(f"There is no such page yet. Write it with: florilegium {command}") from error
        back = Markup('<p style="margin:.5rem 1rem;font:.875rem sans-serif"><a href="{}">Back to all pages</a></p>')
        content = content.replace(b"<body>", b"<body>" + str(back.format(at(request) + HOME)).encode(), 1)
        response = tagged(request, content, HTML, tag_of(content))
        response.headers["Content-Security-Policy"] = policy_of(content)
        return response

    router.add_api_route(path, page, methods=["GET", "HEAD"])


def policy_of(content: bytes) -> str:
    """Give what a page that holds its own style and script may do: run exactly that script, and reach nothing."""
    hashes = [base64.b64encode(hashlib.sha256(script).digest()).decode() for script in _SCRIPT.findall(content)]
    scripts = " ".join(f"'sha256-{each}'" for each in hashes[:1]) or "'none'"  # ours is the first and only one
    return (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {scripts}; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; sandbox allow-scripts allow-popups"
    )
