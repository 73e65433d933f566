"""Texts that would fill the memory are refused before they do."""

from pathlib import Path

import pytest

import florilegium
from florilegium.errors import InputError
from florilegium.project import holdings
from florilegium.project.room import BYTES_PER_CHARACTER, check_room_for_texts, free_bytes
from tests.query_making import queries_csv


def test_the_system_says_how_much_is_free(tmp_path: Path) -> None:
    """What Linux writes is read; what is no such file tells nothing."""
    told = tmp_path / "meminfo"
    told.write_text("MemTotal:       24684000 kB\nMemAvailable:   21000000 kB\n", encoding="ascii")
    torn = tmp_path / "torn"
    torn.write_text("MemAvailable:\n", encoding="ascii")

    assert free_bytes(told) == 21_000_000 * 1024
    assert free_bytes(torn) is None


@pytest.mark.parametrize(("free", "is_refused"), [(1_000 * BYTES_PER_CHARACTER, False), (999, True), (None, False)])
def test_only_what_does_not_fit_is_refused(free: int | None, is_refused: bool) -> None:
    """A thousand characters fit into what they take; into less they do not; where nothing is known they are tried."""
    if not is_refused:
        check_room_for_texts(["x" * 100] * 10, free=free)
        return
    with pytest.raises(InputError, match=r"10 texts with 1,000 characters.*Take a part"):
        check_room_for_texts(["x" * 100] * 10, free=free)


def test_a_project_too_large_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`new` ends before the texts are compared; with room, the same folder is made."""
    queries_csv(tmp_path / "queries.csv", n_each=20)
    monkeypatch.setattr(holdings, "free_bytes", lambda: 1_000)
    with pytest.raises(InputError, match="near copies"):
        florilegium.new(tmp_path / "p", tmp_path / "queries.csv")
    monkeypatch.undo()
    with florilegium.new(tmp_path / "p", tmp_path / "queries.csv") as project:
        assert project.status().n_items == 80
