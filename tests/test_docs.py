"""Pages cannot drift from the code: links, names, generated parts, and the examples in them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from florilegium import errors
from florilegium.cli.commands import app
from tools import reference

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = reference.pages()
IDS = [p.relative_to(ROOT).as_posix() for p in PAGES]
COMMANDS = sorted(getattr(typer.main.get_command(app), "commands", {}))
ERRORS = sorted(n for n, v in vars(errors).items() if isinstance(v, type) and issubclass(v, errors.FlorilegiumError))
CHECKS = sorted(p.stem for p in (ROOT / "florilegium" / "audit" / "checks").glob("[!_]*.py"))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# A fenced block whose first line reads ```python run (or ```sh run) is a promise that it works as it stands.
RUNNABLE = re.compile(r"^```(python|sh) run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(page, found[1], found[2]) for page in PAGES for found in RUNNABLE.finditer(page.read_text(encoding="utf-8"))]


def links(page: Path) -> list[Path]:
    """Give the files that a page links to, code blocks left out."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = [
        target.split("#")[0]
        for target in LINK.findall(text)
        if "://" not in target and not target.startswith("mailto:")
    ]
    return [(page.parent / target).resolve() for target in targets if target]


def heading_anchors(page: Path) -> set[str]:
    """Give the anchors that GitHub makes of a page's headings."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of every page names a file that is there."""
    assert [str(target) for target in links(page) if not target.exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_to_headings_lead_somewhere(page: Path) -> None:
    """Every link to a heading names a heading that is there."""
    wanted = [t.split("#", 1) for t in LINK.findall(page.read_text(encoding="utf-8")) if "#" in t and "://" not in t]
    broken = [
        anchor for target, anchor in wanted if anchor not in heading_anchors((page.parent / target) if target else page)
    ]

    assert broken == []


def test_decisions_named_in_the_code_exist() -> None:
    """A comment that gives a decision's number leads to its note."""
    sources = [*(ROOT / "florilegium").rglob("*.py"), *(ROOT / "tests").glob("*.py"), *PAGES, ROOT / "pyproject.toml"]
    named = {n for p in sources for n in re.findall(r"decisions/(\d{4})", p.read_text(encoding="utf-8"))}
    there = {note.name[:4] for note in (DOCS / "decisions").glob("[0-9]*.md")}

    assert sorted(named - there) == []


@pytest.mark.parametrize("stage", reference.STAGES)
def test_each_stage_has_a_page(stage: str) -> None:
    """A stage's name finds its page: docs/<stage>.md."""
    assert (DOCS / f"{stage}.md").is_file()


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_documented(command: str) -> None:
    """Every command of the program has a section in the command reference."""
    assert f"## `florilegium {command}`" in (DOCS / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("error", ERRORS)
def test_each_error_is_documented(error: str) -> None:
    """Every class of error is explained."""
    assert f"`{error}`" in (DOCS / "errors.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("check", CHECKS)
def test_each_check_is_documented(check: str) -> None:
    """Every check of the audit is explained on the audit's page, by the name that its findings carry."""
    assert f"`{check}`" in (DOCS / "audit.md").read_text(encoding="utf-8")


def test_the_generated_parts_are_fresh() -> None:
    """What the pages say about the code is what the code says; if not: make docs."""
    assert reference.write(check=True) == 0


def test_every_page_can_be_reached() -> None:
    """A reader who starts at docs/index.md finds every page of docs/."""
    seen: set[Path] = set()
    todo = [DOCS / "index.md"]
    while todo:
        page = todo.pop()
        if page not in seen and page.suffix == ".md" and page.exists():
            seen.add(page)
            todo += links(page)

    assert sorted(p.relative_to(ROOT).as_posix() for p in set(DOCS.rglob("*.md")) - seen) == []


def test_the_changelog_has_room_for_the_next_change() -> None:
    """The changelog keeps an Unreleased section on top."""
    titles = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert titles[0] == "[Unreleased]"


@pytest.mark.parametrize(
    ("page", "language", "code"), BLOCKS, ids=[f"{p.name}-{i}" for i, (p, _, _) in enumerate(BLOCKS)]
)
@pytest.mark.slow
def test_examples_marked_as_runnable_run(page: Path, language: str, code: str, tmp_path: Path) -> None:
    """A block that a page marks as runnable runs as it stands, in an empty folder."""
    start = [sys.executable, "-c", code] if language == "python" else ["bash", "-euc", code]
    done = subprocess.run(start, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)

    assert done.returncode == 0, f"{page}:\n{code}\n{done.stderr}"
