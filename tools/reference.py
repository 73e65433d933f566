"""Print what the pages say about the code: commands, settings, checks, errors, modules. Never typed by hand.

A page asks for a part between two marks, and `make docs` writes it anew:

    <!-- [[[cog from tools import reference; cog.out(reference.errors()) ]]] -->
    <!-- [[[end]]] -->

`python -m tools.reference --check` changes nothing and fails where a page is stale; `tests/test_docs.py` does the same.
"""

import ast
import importlib
import inspect
import pkgutil
import re
import sys
import tokenize
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from cogapp import Cog

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "florilegium"
STAGES = (
    "source",
    "dataset",
    "audit",
    "split",
    "baseline",
    "features",
    "model",
    "evaluation",
    "bias",
    "active",
    "report",
)
SHELL = ("store", "settings", "project", "cli")
LOOK_UP = ("index", "cli", "settings", "errors", "layout")  # pages that docs/index.md names by hand


def pages() -> list[Path]:
    """Give all pages of this repository, in order."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")])


def generated() -> list[Path]:
    """Give the pages that hold generated parts."""
    return [page for page in pages() if "[[[cog " in page.read_text(encoding="utf-8")]


def commands() -> str:
    """Give one section per command, with its help text and its options."""
    import typer.main

    from florilegium.cli.commands import app

    group = typer.main.get_command(app)
    found = getattr(group, "commands", {})
    return "\n".join(_command(name, found[name]) for name in found)


def _command(name: str, command: object) -> str:
    text = re.sub(r"\[/?bold\]", "**", inspect.cleandoc(str(getattr(command, "help", "") or "")))
    text = re.sub(r"^(\*\*Example\*\*: |  )(\S.*)$", r"\1`\2`", text, flags=re.MULTILINE)
    rows = [_parameter(p) for p in getattr(command, "params", ()) if p.name != "help"]
    table = ["| | |", "|---|---|", *rows, ""] if rows else []
    # A command that holds others, such as `export`, is followed by each of them.
    inner = [_command(f"{name} {other}", part) for other, part in getattr(command, "commands", {}).items()]
    return "\n".join([f"## `florilegium {name}`", "", text, "", *table, *inner])


def _parameter(parameter: object) -> str:
    options = getattr(parameter, "opts", [])
    kind = getattr(parameter, "param_type_name", "")
    metavar = getattr(parameter, "metavar", None) or str(getattr(parameter, "name", "")).upper()
    shown = f"`{metavar}`" if kind == "argument" else ", ".join(f"`{o}`" for o in sorted(options, key=len))
    return f"| {shown} | {getattr(parameter, 'help', '') or ''} |"


def errors() -> str:
    """Give the family of errors: each class, what it means, and the exit code of the command that meets it."""
    from florilegium import errors as module

    tree = ast.parse(inspect.getsource(module))
    classes = [getattr(module, node.name) for node in tree.body if isinstance(node, ast.ClassDef)]
    parents = ["" if c.__base__ is Exception else f"`{c.__base__.__name__}`" for c in classes]
    rows = [
        f"| `{c.__name__}` | {parent} | {c.exit_code} | {_summary(c)} |"
        for c, parent in zip(classes, parents, strict=True)
    ]
    return "\n".join(["", "| error | is a | exit code | meaning |", "|---|---|---|---|", *rows, "", ""])


def settings() -> str:
    """Give each setting of `florilegium.toml` with its default and the comment beside it in the code."""
    from florilegium.settings import Settings
    from florilegium.source.base import SourceSpec

    return "\n".join([*_fields(Settings, skip={"source"}), "### `[source]`", "", *_fields(SourceSpec, skip=set()), ""])


def _fields(shape: type, *, skip: set[str]) -> Iterator[str]:
    yield from ["", "| setting | default | meaning |", "|---|---|---|"]
    source = inspect.getsource(shape)
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    (tree,) = ast.parse(source).body
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id not in skip:
            default = "" if node.value is None else f"`{ast.unparse(node.value)}`"
            yield f"| `{node.target.id}` | {default} | {comments.get(node.lineno, '')} |"
    yield ""


def modules() -> str:
    """Give the stages in the order in which data meets them, then the shell, each with its first sentence."""
    rows = [f"| `{name}` | {_first_sentence(name)} | {_page(name)} |" for name in (*STAGES, *SHELL)]
    return "\n".join(["", "| stage | job | page |", "|---|---|---|", *rows, "", ""])


def _first_sentence(name: str) -> str:
    file = PACKAGE / name / "__init__.py" if (PACKAGE / name).is_dir() else PACKAGE / f"{name}.py"
    docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return re.split(r"(?<=[.:])\s", docstring.replace("\n", " "), maxsplit=1)[0].rstrip(":").rstrip(".") + "."


def _page(name: str) -> str:
    return f"[{name}]({name}.md)" if (ROOT / "docs" / f"{name}.md").exists() else ""


def more() -> str:
    """Give the pages that belong to no single stage, with their titles."""
    named = {*STAGES, *SHELL, *LOOK_UP}
    found = sorted(p for p in (ROOT / "docs").glob("*.md") if p.stem not in named)
    titles = [page.read_text(encoding="utf-8").splitlines()[0].lstrip("# ") for page in found]
    return "\n".join(["", *(f"* [{title}]({page.name})" for page, title in zip(found, titles, strict=True)), "", ""])


def files() -> str:
    """Give every module with the first sentence of its docstring."""
    import florilegium

    names = [m.name for m in pkgutil.walk_packages(florilegium.__path__, "florilegium.") if "migrations" not in m.name]
    rows = [f"| `{name}` | {_opening(name)} |" for name in sorted(names) if not name.endswith("__main__")]
    return "\n".join(["", "| module | job |", "|---|---|", *rows, "", ""])


def _opening(name: str) -> str:
    docstring = importlib.import_module(name).__doc__ or ""
    return re.split(r"(?<=\.)\s", docstring.strip().replace("\n", " "), maxsplit=1)[0]


def decisions() -> str:
    """Give the list of decision notes, by number, with their titles."""
    notes = sorted(p for p in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    titles = [note.read_text(encoding="utf-8").splitlines()[0].lstrip("# ") for note in notes]
    return "\n".join(["", *(f"* [{title}]({note.name})" for note, title in zip(notes, titles, strict=True)), "", ""])


def _summary(thing: object) -> str:
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")


def write(*, check: bool) -> int:
    """Write all generated parts anew, or with `check` say which pages are stale; give cog's exit code."""
    # -U keeps line endings, -r rewrites the page itself.
    mode = ["--check", "--check-fail-msg=Run: make docs"] if check else ["-r"]
    return int(Cog().main(["cog", *mode, "-U", *map(str, generated())]))


if __name__ == "__main__":
    sys.exit(write(check="--check" in sys.argv[1:]))
