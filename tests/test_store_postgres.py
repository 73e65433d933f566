"""PostgreSQL by address: no password is shown, faults come with a cure, writers take turns, projects keep apart."""

import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import florilegium
from florilegium.dataset import LabelEvent
from florilegium.errors import FlorilegiumError, InputError, SettingError, StorageError
from florilegium.project import Project
from florilegium.source.base import Harvest, Kind, Sample, Texts
from florilegium.store import Judgement, Said, Store, shown
from florilegium.store.address import parse
from tests.postgres_serving import Server

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
SECRET = "s3cr3t"  # noqa: S105 - planted, so that it can be looked for


def harvest(*names: str) -> Harvest:
    """Make a harvest of texts."""
    samples = tuple(Sample(name=name, label="rose", sha256=name * 8) for name in names)
    return Harvest(kind=Kind.TEXT, samples=samples, contents=Texts(names))


def table(folder: Path) -> Path:
    """Write a table of texts in two classes."""
    path = folder / "texts.csv"
    rows = [f"the {colour} one number {i},{colour}" for i in range(20) for colour in ("red", "blue")]
    path.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "address",
    [
        "mysql://ann:s3cr3t@host/db",
        "postgresql://ann:s3cr3t@host:port/db",
        "postgresql//ann:s3cr3t@host/db",
        "postgresql://ann:s3cr3t@host/db?schema=Roses",
        "postgresql://ann:s3cr3t@host/db?schema=pg_roses",
        'postgresql://ann:s3cr3t@host/db?schema=a"; DROP SCHEMA public; --',
        "postgresql://ann:s3cr3t@host/db?schema=a&schema=b",
        "sqlite://",
        "sqlite:///x.db?schema=a",
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(address: str) -> None:
    """What cannot be opened is said with what was expected, and no word of the secret, also not in the traceback."""
    with pytest.raises(SettingError, match="expected") as caught:
        parse(address)

    assert SECRET not in str(caught.value)


@given(password=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6))
def test_a_password_is_never_shown(password: str) -> None:
    """Whatever it is made of, written as addresses ask for it, it is not in what is printed."""
    from urllib.parse import quote

    written = quote(password, safe="")
    address = f"postgresql://u@h/d?sslpassword={written}&password={written}"
    both = shown(f"postgresql://u:{written}@h/d"), shown(address)

    assert both[0] == "postgresql://u:***@h/d"
    assert both[1] == "postgresql://u@h/d?password=hidden&sslpassword=hidden"


def test_the_database_may_be_named_shortly() -> None:
    """`postgres://` and `postgresql://` are the driver that we test with; the schema is ours, not the driver's."""
    for start in ("postgres", "postgresql", "postgresql+psycopg"):
        address = parse(f"{start}://ann@host/db?schema=roses&connect_timeout=3")

        assert (address.url.drivername, address.schema) == ("postgresql+psycopg", "roses")
        assert dict(address.url.query) == {"connect_timeout": "3"}


def said_of(address: str) -> str:
    """Give all that a failed opening says, traceback included."""
    try:
        Store(address).close()
    except FlorilegiumError as error:
        return f"{error}\n{''.join(traceback.format_exception(error))}"
    raise AssertionError(f"{address} could be opened")


@pytest.fixture(scope="module")
def guarded(postgres_server: Server) -> Server:
    """Give the server with a user who needs a password and may not make schemas."""
    postgres_server.sql(f"CREATE ROLE guest LOGIN PASSWORD '{SECRET}-right'")
    rules = postgres_server.data / "pg_hba.conf"
    kept = rules.read_text(encoding="utf-8")
    rules.write_text(f"local all guest scram-sha-256\nlocal all nobody_here reject\n{kept}", encoding="utf-8")
    postgres_server.sql("SELECT pg_reload_conf()")
    return postgres_server


def test_each_fault_comes_with_its_cure_and_no_password(guarded: Server) -> None:
    """Wrong password, no password, unknown user, unknown database, no right, nobody there: what to do is said."""
    wrong, right = f"guest:{SECRET}-wrong", f"guest:{SECRET}-right"
    cures = {
        guarded.url(user=wrong): "Check user and password",
        guarded.url(user="guest"): "Check user and password",
        guarded.url(user=f"nobody_here:{SECRET}"): "Check user and password",
        guarded.url(user=f"unknown:{SECRET}"): "createuser",
        guarded.url(user=right, database="absent"): "createdb",
        guarded.url(user=right, schema="forbidden"): "GRANT",
        f"postgresql://ann:{SECRET}@127.0.0.1:1/db": "No PostgreSQL answers there",
        f"postgresql://ann:{SECRET}@/db?host=/nowhere": "No PostgreSQL answers there",
    }
    for address, cure in cures.items():
        said = said_of(address)

        assert cure in said.splitlines()[0], said.splitlines()[0]
        assert SECRET not in said


def test_projects_in_one_database_keep_apart(postgres_server: Server, tmp_path: Path) -> None:
    """Each schema is a project of its own, made where it is missing; two projects in one are refused."""
    red, blue = (postgres_server.new_url() for _ in range(2))
    source = table(tmp_path)
    for name, url in (("red", red), ("blue", blue)):
        with florilegium.new(tmp_path / name, source, database=url) as project:
            assert project.status().n_items == 40
    with florilegium.new(tmp_path / "red", source) as again:
        assert again.status().n_items == 40
    with pytest.raises(InputError, match=r"another project keeps its record there.*\?schema=NAME"):
        florilegium.new(tmp_path / "third", source, database=red)

    assert not (tmp_path / "third" / "florilegium.toml").exists()
    assert (tmp_path / "red" / "florilegium.toml").stat().st_mode & 0o077 == 0  # the address may hold a password
    assert not (tmp_path / "red" / "florilegium.db").exists()


def test_another_address_for_a_project_is_refused_without_its_password(tmp_path: Path) -> None:
    """`new` with another address than the project has says both, without what is secret in them."""
    source = table(tmp_path)
    florilegium.new(tmp_path / "p", source).store.close()
    with pytest.raises(InputError, match=r"database is '' there and postgresql://ann:\*\*\*@h/d here") as caught:
        florilegium.new(tmp_path / "p", source, database=f"postgresql://ann:{SECRET}@h/d")

    assert SECRET not in str(caught.value)


def test_a_file_without_a_path_lies_in_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sqlite:///record.db` is the same file wherever a command is started."""
    source = table(tmp_path)
    florilegium.new(tmp_path / "p", source, database="sqlite:///record.db").store.close()
    monkeypatch.chdir(tmp_path)
    with Project(tmp_path / "p") as project:
        n_items = project.status().n_items

    assert n_items == 40
    assert (tmp_path / "p" / "record.db").is_file()


OPENER = "import sys; from florilegium.store import Store; s = Store(sys.argv[1]); print(s.is_empty()); s.close()"


def test_two_programs_that_start_at_once_make_the_tables_once(database_url: str) -> None:
    """The second waits for its turn and finds the tables made; neither fails."""
    start = [sys.executable, "-c", OPENER, database_url]
    both = [subprocess.Popen(start, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [each.communicate(timeout=120) for each in both]

    assert [out.strip() for out, _ in said] == ["True"] * 2, said


def test_a_click_that_is_sent_twice_at_once_is_kept_once(database_url: str) -> None:
    """Eight copies of one click arrive together: all hear the same, and one is recorded."""
    with closing(Store(database_url)) as store:
        store.take_in(harvest("a"), now=NOW)
        one = Judgement(
            click="1", name="a", task="clean", verdict=Said.LABEL, label="iris", before="rose", who="ann", at=NOW
        )
        with ThreadPoolExecutor(8) as pool:
            kept = list(pool.map(lambda _: store.judgements.add(one, why="clean"), range(8)))

        assert len({each.id for each in kept}) == 1
        assert [e.label for e in store.label_events()] == ["rose", "iris"]


def test_numbers_rise_in_the_order_in_which_they_can_be_seen(database_url: str) -> None:
    """Whoever reads on from the last number misses nothing, however many write at once."""
    with closing(Store(database_url)) as store:
        store.take_in(harvest("a"), now=NOW)

        def write(who: int) -> None:
            for i in range(10):
                store.label([LabelEvent(name="a", label=f"{who} {i}", who=f"w{who}", at=NOW, why="test")])

        seen: list[str | None] = []
        last = 0
        with ThreadPoolExecutor(4) as pool:
            writers = [pool.submit(write, who) for who in range(4)]
            while not all(each.done() for each in writers) or len(seen) < 40:
                for number, event in store.labels_given(after=last):
                    seen.append(event.label)
                    last = number

        assert seen == [event.label for event in store.label_events()[1:]]
        assert len(seen) == 40


def test_a_connection_that_the_server_ended_is_made_anew(postgres_server: Server, postgres_url: str) -> None:
    """After the server threw everybody out the store goes on as if nothing had been."""
    with closing(Store(postgres_url)) as store:
        store.take_in(harvest("a"), now=NOW)
        postgres_server.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = "
            "'florilegium' AND datname = 'florilegium'"
        )

        assert len(store.samples()[0]) == 1


def test_what_postgresql_cannot_hold_is_said(postgres_url: str) -> None:
    """A text with a zero byte is refused in words, and nothing of it is kept."""
    with closing(Store(postgres_url)) as store:
        with pytest.raises(StorageError, match="cannot hold this value"):
            store.take_in(harvest("a\0b"), now=NOW)

        assert store.is_empty()
