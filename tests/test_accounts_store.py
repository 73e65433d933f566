"""Accounts in the store: names are one person's, links work once, and there is always an owner."""

import threading
from collections.abc import Callable, Iterator

import pytest

from florilegium.errors import FlorilegiumError, InputError
from florilegium.project.accounts import Accounts, LastOwner, LinkSpent, Role, passwords
from florilegium.project.accounts.passwords import PasswordWeak
from florilegium.store import Store
from tests.accounts_making import PASSWORD, Clock, quick_passwords  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("quick_passwords")
NEW = "another four words here"


@pytest.fixture
def accounts(database_url: str) -> Iterator[Accounts]:
    """Give the accounts of an empty project, on either database."""
    store = Store(database_url)
    yield Accounts(store, clock=Clock())
    store.close()


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Do things at the same moment; give the names of the errors, empty where it went well."""
    ready, said = threading.Barrier(len(acts)), [""] * len(acts)

    def do(i: int) -> None:
        ready.wait()
        try:
            acts[i]()
        except FlorilegiumError as error:
            said[i] = type(error).__name__

    threads = [threading.Thread(target=do, args=(i,)) for i in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def test_the_first_account_is_an_owners(accounts: Accounts) -> None:
    """Anybody else first would lock everybody out; an invitation is no exception."""
    for role in (Role.LABELLER, Role.REVIEWER):
        with pytest.raises(LastOwner, match="--role owner"):
            accounts.add("ann", PASSWORD, role=role)
        with pytest.raises(LastOwner, match="--role owner"):
            accounts.invite("ann", role=role)
    token = accounts.invite("ann", role=Role.OWNER).token
    before = accounts.exist()
    accounts.accept(token, PASSWORD)

    assert (before, accounts.exist()) == (False, True)


@pytest.mark.parametrize("again", ["Ann", "ANN", "ＡＮＮ"])
def test_a_name_is_one_persons_however_it_is_written(accounts: Accounts, again: str) -> None:
    """Large and small letters, and wide ones, make no second person; signing in takes them all."""
    accounts.add("ann", PASSWORD, role=Role.OWNER)
    with pytest.raises(InputError, match="there is an account of that name"):
        accounts.add(again, PASSWORD, role=Role.LABELLER)

    assert accounts.sign_in(again, PASSWORD) is not None


def test_two_who_accept_the_same_link_at_once_are_one(accounts: Accounts) -> None:
    """Whoever is second hears that the link is spent; one account is there."""
    token = accounts.invite("ann", role=Role.OWNER).token
    said = at_once(*[lambda: accounts.accept(token, PASSWORD)] * 4)

    assert sorted(said) == ["", *[LinkSpent.__name__] * 3]
    assert len(accounts.list()) == 1


def test_two_owners_cannot_close_each_other_at_once(accounts: Accounts) -> None:
    """One of them stays, whoever was quicker."""
    for _ in range(5):
        for name in ("ann", "bea"):
            if name not in {account.name for account in accounts.list()}:
                accounts.add(name, PASSWORD, role=Role.OWNER)
            accounts.set_password(name, PASSWORD)
        said = at_once(lambda: accounts.remove("ann"), lambda: accounts.remove("bea"))

        assert sorted(said) == ["", LastOwner.__name__]
        assert sum(account.is_active for account in accounts.list()) == 1


def test_two_who_take_the_same_name_at_once_are_one(accounts: Accounts) -> None:
    """The second one hears that the name is taken."""
    accounts.add("first", PASSWORD, role=Role.OWNER)
    said = at_once(*[lambda: accounts.add("ann", PASSWORD, role=Role.LABELLER)] * 4)

    assert sorted(said) == ["", *[InputError.__name__] * 3]


def test_a_closed_account_keeps_its_name_and_nothing_else(accounts: Accounts) -> None:
    """Its password and its open link are gone; a reset opens it again."""
    accounts.add("ann", PASSWORD, role=Role.OWNER)
    accounts.add("rita", PASSWORD, role=Role.REVIEWER)
    token = accounts.reset("rita").token
    accounts.remove("rita")
    with pytest.raises(LinkSpent):
        accounts.accept(token, NEW)
    with pytest.raises(InputError, match="user reset"):
        accounts.add("rita", PASSWORD, role=Role.OWNER)
    state = accounts.list()[1].state
    signed = accounts.accept(accounts.reset("rita").token, NEW)

    assert state == "closed"
    assert (signed.account.role, accounts.list()[1].state) == (Role.REVIEWER, "active")


def test_a_password_changed_elsewhere_meanwhile_is_not_overwritten(accounts: Accounts) -> None:
    """Whoever changes a password that was reset a moment before is told that the old one is wrong."""
    accounts.add("ann", PASSWORD, role=Role.OWNER)
    signed = accounts.sign_in("ann", PASSWORD)
    assert signed is not None
    session = accounts.session(signed.token)
    assert session is not None
    accounts.reset("ann")

    assert accounts.change_password(session, PASSWORD, NEW) is None
    assert accounts.sign_in("ann", NEW) is None


@pytest.mark.parametrize(
    "password",
    ["", "short", "annannannann", "Ann-Lee 1234", "aaaaaaaaaaaa", "abababababab", "x" * 257, "ＡＮＮ lee 2026"],
)
def test_weak_passwords_are_refused_with_words(password: str) -> None:
    """Short ones, the name with figures behind it, and the same few signs over and over."""
    for name in ("Ann Lee", "ann"):
        if name == "ann" and "ee" in password.lower():
            continue
        with pytest.raises(PasswordWeak, match=r"words|shorter"):
            passwords.refuse_weak(password, name)


def test_a_hash_of_weaker_days_is_made_stronger_when_it_is_used(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password stays, what is kept of it gets today's settings."""
    from argon2 import PasswordHasher, extract_parameters

    accounts.add("ann", PASSWORD, role=Role.OWNER)
    stronger = PasswordHasher(time_cost=2, memory_cost=128, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: stronger)
    accounts.sign_in("ann", PASSWORD)
    kept = accounts.list()[0].password_hash
    assert kept is not None

    assert extract_parameters(kept).memory_cost == 128
    assert accounts.sign_in("ann", PASSWORD) is not None
