"""A project's settings survive being written and read, and say what is wrong with them all at once."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium import settings
from florilegium.errors import ProjectMissing, SettingError
from florilegium.settings import Settings
from florilegium.source.base import SourceSpec


@given(
    location=st.text(st.characters(exclude_categories=["Cs"])),
    seed=st.integers(0, 2**31),
    encoder=st.text("abc:\\\"'/\n€🌷"),
)
def test_settings_survive_a_round_trip(
    tmp_path_factory: pytest.TempPathFactory, location: str, seed: int, encoder: str
) -> None:
    """Whatever was written is read back, quotes, newlines and flowers included."""
    folder = tmp_path_factory.mktemp("project")
    written = Settings(source=SourceSpec(location=location, group="site"), seed=seed, encoder=encoder)

    settings.write(written, folder)

    assert settings.read(folder) == written


def test_all_faults_are_said_at_once(tmp_path: Path) -> None:
    """Unknown keys, wrong types and a missing location come in one message."""
    (tmp_path / settings.FILE_NAME).write_text('sede = 1\nseed = "one"\n[source]\ngroup = 3\n')

    with pytest.raises(SettingError) as caught:
        settings.read(tmp_path)

    for part in (
        "sede: no such setting",
        "seed = 'one': expected a number",
        "source.group = 3",
        "source.location is missing",
    ):
        assert part in str(caught.value)


def test_values_out_of_range_are_refused() -> None:
    """A share of 1.5 cannot be sealed and a negative seed is none."""
    with pytest.raises(SettingError, match=r"2 setting.*share_test = 1.5.*seed = -1"):
        Settings(source=SourceSpec(location="digits"), share_test=1.5, seed=-1)


def test_a_folder_without_settings_is_no_project(tmp_path: Path) -> None:
    """The message names the command that makes a project."""
    with pytest.raises(ProjectMissing, match="florilegium new DIR SOURCE"):
        settings.read(tmp_path)


def test_a_broken_file_is_named_with_its_line(tmp_path: Path) -> None:
    """A slip of the pen gives file and line, no traceback."""
    (tmp_path / settings.FILE_NAME).write_text("seed = \n")

    with pytest.raises(SettingError, match=r"florilegium\.toml: not valid TOML.*line 1"):
        settings.read(tmp_path)
