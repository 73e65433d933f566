"""A project's secret is one, whoever asks first."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from florilegium.project.secret import SECRET_BYTES, secret_in


def test_those_who_ask_at_the_same_time_get_the_same_secret(tmp_path: Path) -> None:
    """Two servers that start together once could hold two keys: each then took the other's retries for new requests."""
    n = 8
    with ThreadPoolExecutor(n) as pool:
        for i in range(10):
            together = Barrier(n)

            def ask(folder: Path = tmp_path / str(i), together: Barrier = together) -> bytes:
                together.wait()
                return secret_in(folder, "some.key")

            given = [each.result() for each in [pool.submit(ask) for _ in range(n)]]
            assert set(given) == {secret_in(tmp_path / str(i), "some.key")}


def test_a_damaged_secret_is_made_anew(tmp_path: Path) -> None:
    """A file of another length is no secret."""
    (tmp_path / "some.key").write_bytes(b"short")

    made = secret_in(tmp_path, "some.key")

    assert len(made) == SECRET_BYTES
    assert secret_in(tmp_path, "some.key") == made
    assert [each.name for each in tmp_path.iterdir()] == ["some.key"]
