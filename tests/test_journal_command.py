"""`florilegium journal` as a user types it: in a project, beside one, without one; built, and served until Ctrl-C."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from florilegium.cli.commands import app
from tests.journal_making import a_week, project_at, write_chapter


def run(*arguments: str) -> tuple[int, str, str]:
    """Run the command; give exit code and both outputs."""
    result = CliRunner().invoke(app, ["journal", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_in_a_projects_folder_no_option_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`new` begins the journal there, tells of this project, and names the next step; `build` leaves the draft out."""
    project = project_at(tmp_path)
    a_week(project)
    monkeypatch.chdir(project.folder)
    code, out, _ = run("new")
    again = run("new", "--json")
    built = run("build", "--json")

    assert code == 0
    assert "a new chapter, with" in out
    assert "florilegium journal serve" in out
    assert json.loads(again[1])["is_new"] is False
    assert 'garden = ".."' in (project.folder / "journal" / "journal.toml").read_text(encoding="utf-8")
    document = json.loads(built[1])
    assert (document["n_chapters"], len(document["drafts"]), document["warnings"]) == (0, 1, [])
    assert (project.folder / "site" / "index.html").exists()


def test_several_projects_are_told_together(tmp_path: Path) -> None:
    """Two projects of one name stand in one chapter under two short names, and the journal remembers both."""
    folders = []
    for name in ("a", "b"):
        project = project_at(tmp_path / name)
        a_week(project)
        folders += ["-p", str(project.folder)]
    journal = str(tmp_path / "notes")
    code, _, _ = run("new", "-j", journal, *folders)
    text = next(Path(journal).glob("*.md")).read_text(encoding="utf-8")
    more = run("new", "-j", journal, "--date", "2099-01-01")

    assert (code, more[0]) == (0, 0)
    assert "**Verdict on garden**" in text
    assert "**Verdict on garden-2**" in text
    assert "Planned" not in Path(journal, "2099-01-01.md").read_text(encoding="utf-8")
    assert "Verdict" not in Path(journal, "2099-01-01.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("build",), 2, "no journal here. Begin one with: florilegium journal new -j journal"),
        (("serve", "--no-open"), 2, "no journal here"),
        (("new", "--date", "30.11.2026"), 2, "no date; write year, month, day as 2026-11-30"),
        (("new", "-p", "nowhere"), 3, "no project here"),
        (("new", "-j", "taken"), 2, "Not a directory"),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """A missing journal or project, a wrong date, a file in the way: exit code, next step, and nothing written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    found, out, err = run(*arguments)

    assert found == code
    assert out == ""
    assert said in err
    assert not list(tmp_path.rglob("*.md"))


def test_broken_chapters_stop_a_build_and_leave_the_old_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault is told with file and line, and what was published before stays."""
    monkeypatch.chdir(tmp_path)
    write_chapter(tmp_path / "journal", "2026-11-01", "Hello")
    first = run("build", "-o", "site")
    before = (tmp_path / "site" / "index.html").read_bytes()
    (tmp_path / "journal" / "2026-11-02.md").write_text("---\ndate: soon\n---\n", encoding="utf-8")
    second = run("build", "-o", "site")

    assert (first[0], second[0]) == (0, 2)
    assert "2026-11-02.md:2: field 'date': 'soon' is no date" in second[2]
    assert (tmp_path / "site" / "index.html").read_bytes() == before


def test_the_preview_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    """`serve --json` names its address, answers there, and ends well on Ctrl-C."""
    write_chapter(tmp_path / "journal", "2026-11-01", "Hello")
    start = [sys.executable, "-m", "florilegium", "journal", "serve", "--port", "0", "--no-open", "--json"]
    with subprocess.Popen(start, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        document = server.stdout.readline() + server.stdout.readline() + server.stdout.readline()
        page = httpx.get(json.loads(document)["url"] + "2026-11-01.html")
        server.send_signal(signal.SIGINT)
        _, err = server.communicate(timeout=20)

    assert "<p>Hello</p>" in page.text
    assert (server.returncode, err) == (0, "")
