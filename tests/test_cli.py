"""The commands keep their contract: JSON alone on standard output, exit codes that mean something."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

WORDS = {
    "card": [
        "card",
        "plastic",
        "chip",
        "envelope",
        "letterbox",
        "post",
        "delivery",
        "arrive",
        "postman",
        "courier",
        "parcel",
        "tracking",
    ],
    "money": [
        "money",
        "transfer",
        "sent",
        "account",
        "bank",
        "balance",
        "pending",
        "euro",
        "pounds",
        "salary",
        "payment",
        "missing",
    ],
    "code": [
        "code",
        "secret",
        "pin",
        "forgot",
        "reset",
        "digits",
        "password",
        "unlock",
        "remember",
        "wrong",
        "attempts",
        "blocked",
    ],
}
FILLER = [
    "my",
    "the",
    "where",
    "when",
    "still",
    "please",
    "why",
    "today",
    "yesterday",
    "again",
    "help",
    "since",
    "week",
    "your",
    "our",
    "this",
    "that",
    "with",
    "about",
]


def florilegium(
    *arguments: object, cwd: Path | None = None, stdin: str = "", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Start the program as a user would."""
    return subprocess.run(
        [sys.executable, "-m", "florilegium", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        input=stdin,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **(env or {})},
    )


def document(done: subprocess.CompletedProcess[str]) -> Any:
    """Give the one JSON document on standard output."""
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """Give the demo's folder and its JSON document."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    done = florilegium("demo", "-o", folder, "--json")
    assert done.returncode == 0, done.stderr
    return folder, document(done)


def test_the_demo_goes_the_whole_way(demo: tuple[Path, Any]) -> None:
    """The embedded digits end in a verdict, a report and a model file."""
    folder, said = demo

    # 359 digits cannot show that the model is better than looking up the nearest picture; that is the demo's lesson.
    assert said["verdict"]["outcome"] in {"better", "not shown"}
    assert said["verdict"]["model"]["accuracy"] > 0.97
    assert (folder / "report.html").exists()
    assert (folder / "model.onnx").exists()


def test_the_demo_can_be_told_in_a_journal(demo: tuple[Path, Any], tmp_path: Path) -> None:
    """A chapter about a real record says the verdict's own counts, and the site of it is whole."""
    folder, said = demo
    made = document(florilegium("journal", "new", "-j", tmp_path / "journal", "-p", folder, "--json"))
    text = Path(made["path"]).read_text(encoding="utf-8")
    Path(made["path"]).write_text(text.replace("draft: true", "draft: false"), encoding="utf-8")
    built = document(florilegium("journal", "build", "-j", tmp_path / "journal", "-o", tmp_path / "site", "--json"))
    model = said["verdict"]["model"]

    assert f"The model: {model['n_right']} of {model['n']} right" in text
    assert (built["n_chapters"], built["warnings"]) == (1, [])
    assert len(list((tmp_path / "site" / "pictures").iterdir())) == 1


def test_the_verdict_document_holds_what_is_promised(demo: tuple[Path, Any]) -> None:
    """Other programs find the keys of the contract, and ranges that hold their value."""
    verdict = document(florilegium("verdict", "--json", "-p", demo[0]))

    assert verdict["outcome"] in {"better", "not shown", "worse"}
    for key in ("model", "baseline"):
        assert verdict[key]["low"] <= verdict[key]["accuracy"] <= verdict[key]["high"]
    assert verdict["difference"]["low"] <= verdict["difference"]["value"] <= verdict["difference"]["high"]
    assert (verdict["n_test"], verdict["n_openings"]) == (demo[1]["verdict"]["n_test"], 1)
    assert {b["name"] for b in verdict["baselines"]} >= {
        "majority",
        "shortcut",
        "nearest mean image (L1)",
        "nearest mean image (L2)",
        "colour histogram",
    }
    assert isinstance(verdict["warnings"], list)


def test_the_audit_document_lists_findings(demo: tuple[Path, Any]) -> None:
    """Each finding says its check, severity, items, share and message."""
    findings = document(florilegium("audit", "--json", "-p", demo[0]))["findings"]

    for finding in findings:
        assert finding.keys() >= {"check", "severity", "items", "message", "share"}
        assert 0 <= finding["share"] <= 1


def test_predict_answers_and_one_bad_file_does_not_stop_it(demo: tuple[Path, Any], tmp_path: Path) -> None:
    """Every input has its record, in order; what cannot be read has an error instead of a label."""
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "black.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 20)

    done = florilegium(
        "predict",
        demo[0] / "model.onnx",
        tmp_path / "broken.png",
        tmp_path / "black.png",
        tmp_path / "none.png",
        "--json",
    )

    said = document(done)
    assert done.returncode == 0
    assert [Path(p["input"]).name for p in said] == ["broken.png", "black.png", "none.png"]
    assert "error" in said[0]
    assert said[1].keys() >= {"label", "probability", "top", "known"}
    assert "error" in said[2]


def test_predict_reads_a_list_from_standard_input_and_writes_csv(demo: tuple[Path, Any], tmp_path: Path) -> None:
    """`-` takes one path per line; `--csv` gives one row per input."""
    for i in range(3):
        Image.fromarray(np.full((8, 8), 80 * i, np.uint8)).save(tmp_path / f"{i}.png")

    done = florilegium(
        "predict", demo[0] / "model.onnx", "-", "--csv", stdin="\n".join(str(tmp_path / f"{i}.png") for i in range(3))
    )

    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [Path(row["input"]).name for row in rows] == ["0.png", "1.png", "2.png"]


def test_predict_that_answers_nothing_exits_with_2(demo: tuple[Path, Any], tmp_path: Path) -> None:
    """Where every input failed the exit code says so, and the JSON still holds each input's fault."""
    done = florilegium("predict", demo[0], tmp_path / "nope.jpg", tmp_path / "neither.jpg", "--json")

    assert done.returncode == 2
    assert ["error" in said for said in document(done)] == [True, True]


def test_json_and_csv_at_once_are_refused(demo: tuple[Path, Any]) -> None:
    """Standard output holds one format; which one was meant is not guessed."""
    done = florilegium("predict", demo[0], "a.png", "--json", "--csv")

    assert done.returncode == 2
    assert "--json and --csv" in document(done)["error"]["message"]


def test_what_is_piped_keeps_its_lines_and_its_commands_work(demo: tuple[Path, Any], tmp_path: Path) -> None:
    """Each finding is one line and each cure another, however long; the command in it names the project's folder."""
    folder = shutil.copytree(demo[0], tmp_path / "my demo")
    findings = document(florilegium("audit", "--json", "-p", folder))["findings"]
    lines = florilegium("audit", "-p", folder).stdout.splitlines()

    assert max(len(line) for line in lines) > 100
    for finding in findings:
        assert any(finding["message"] in line for line in lines)
    cures = [f["fix"] for f in findings if "florilegium relabel" in f["fix"]]
    assert cures
    assert all(f"florilegium relabel -p '{folder}' " in cure for cure in cures)


def test_a_folder_named_without_its_option_gets_a_hint(tmp_path: Path) -> None:
    """Commands that find their project by -p say so to whom names the folder alone."""
    said = florilegium("status", "flowers", cwd=tmp_path, env={"COLUMNS": "200"})

    assert said.returncode == 2
    assert "status -p FOLDER" in said.stderr


def test_texts_go_the_whole_way(tmp_path: Path) -> None:
    """A table of texts becomes a classifier that reads a new text."""
    rng = np.random.default_rng(0)
    rows = [
        (
            " ".join(rng.permutation([*rng.choice(words, 4, replace=False), *rng.choice(FILLER, 5, replace=False)])),
            label,
        )
        for label, words in WORDS.items()
        for _ in range(30)
    ]
    with (tmp_path / "queries.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("text", "intent"), *rows])

    told = florilegium("run", tmp_path / "queries.csv", "-o", tmp_path / "desk").stdout
    done = florilegium("run", tmp_path / "queries.csv", "-o", tmp_path / "desk", "--json")
    said = document(florilegium("predict", tmp_path / "desk" / "model.onnx", "the card has not arrived", "--json"))

    assert done.returncode == 0, done.stderr
    assert said[0]["label"] == "card"
    assert f"florilegium queries promise -p {tmp_path / 'desk'}" in told


@pytest.mark.parametrize("command", ["audit", "train", "verdict", "report", "status"])
def test_a_folder_without_project_exits_with_3(command: str, tmp_path: Path) -> None:
    """A missing step is exit code 3, with the command that does it."""
    done = florilegium(command, cwd=tmp_path)

    assert done.returncode == 3
    assert "florilegium new" in done.stderr
    assert done.stdout == ""


def test_bad_input_exits_with_2(tmp_path: Path) -> None:
    """A folder that is not there is the input's fault."""
    done = florilegium("run", tmp_path / "nowhere", "-o", tmp_path / "out")

    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_is_a_json_document_too(tmp_path: Path) -> None:
    """With --json a program can read what went wrong."""
    done = florilegium("run", tmp_path / "nowhere", "-o", tmp_path / "out", "--json")

    assert done.returncode == 2
    assert document(done)["error"].keys() == {"kind", "message"}


def test_help_shows_examples() -> None:
    """Every command's help ends in an example that starts with the program's name."""
    listing = florilegium("--help").stdout
    for command in ("demo", "run", "new", "audit", "train", "verdict", "report", "predict", "relabel", "status"):
        assert command in listing
        assert f"florilegium {command}" in florilegium(command, "--help").stdout
