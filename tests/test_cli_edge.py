"""What a command raises becomes a sentence and an exit code."""

import json

import pytest
import typer

from florilegium.cli.edge import edge


@pytest.mark.parametrize("as_json", [False, True])
def test_where_memory_does_not_suffice_it_is_said(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    """No traceback: what happened, that nothing is lost, and what to do."""
    with pytest.raises(typer.Exit) as left, edge(as_json=as_json):
        raise MemoryError
    said = capsys.readouterr()

    assert left.value.exit_code == 2
    told = json.loads(said.out)["error"]["message"] if as_json else said.err
    assert "not enough memory" in told
    assert "take a part of the data" in told
