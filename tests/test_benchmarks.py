"""The runner of the benchmarks finds them, times them and says which one broke its promise."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as runner


def test_benchmarks_are_found_by_a_part_of_their_name() -> None:
    """`make bench ONLY=star` finds bench_start.py."""
    assert [p.name for p in runner.found("star")] == ["bench_start.py"]


def test_an_unknown_name_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that no benchmark holds ends with the names that there are."""
    monkeypatch.setattr("sys.argv", ["benchmarks", "daisies"])

    assert runner.main() == 2
    assert "start" in capsys.readouterr().err


def test_each_run_has_its_own_time_and_memory(tmp_path: Path) -> None:
    """A benchmark that fills 64 MiB shows at least those, the next one does not; one that fails is shown as failed."""
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    shutil.copy(runner.__file__, folder)
    (folder / "bench_a_big.py").write_text("def main():\n    x = bytearray(b'x') * (64 << 20)\n")
    (folder / "bench_bad.py").write_text("import sys\ndef main():\n    sys.exit(3)\n")
    # In a process of its own: on Linux a child's peak begins at the size of the process that started it.
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    big, bad = done.stdout.splitlines()[-2:]

    assert float(big.split()[3]) >= 64 > float(bad.split()[3])
    assert (big.split()[5:], bad.split()[5:]) == (["ok"], ["FAILED", "(3)"])
    assert done.returncode == 1
