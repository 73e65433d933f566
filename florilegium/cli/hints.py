"""Commands that a message names, so that they work when they are copied. Path: project -> **cli**."""

import re
import shlex
from dataclasses import replace
from pathlib import Path

from florilegium.project.results import Audited

THIS = Path()  # the folder where the user stands: commands find it by themselves
# Commands that find their project by -p; a finding may name any of them.
_COMMANDS = re.compile(r"\bflorilegium (audit|label|relabel|train|verdict|report|status|serve|queries promise)\b")


def in_folder(text: str, folder: Path) -> str:
    """Name the project's folder in every command of a text; in the project's own folder there is nothing to name.

    >>> in_folder("Correct it: florilegium relabel tulip/031.jpg rose", Path("my flowers"))
    "Correct it: florilegium relabel -p 'my flowers' tulip/031.jpg rose"
    """
    if folder == THIS:
        return text
    where = shlex.quote(str(folder))
    return _COMMANDS.sub(lambda found: f"{found[0]} -p {where}", text)


def with_folder(audited: Audited, folder: Path) -> Audited:
    """Give the audit's findings with the project's folder in the commands that they name."""
    return replace(audited, findings=tuple(replace(f, fix=in_folder(f.fix, folder)) for f in audited.findings))
