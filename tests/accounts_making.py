"""People with accounts, a clock that a test sets, and browsers in which they have signed in."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient

from florilegium.project.accounts import Accounts, Role, passwords
from florilegium.serve.accounts.gate import LOGIN
from florilegium.store import Store

HERE = "http://127.0.0.1:8000"
ELSEWHERE = "https://flowers.example"
PASSWORD = "four words make one"  # noqa: S105 - of people who exist in tests only
NAMES = {Role.OWNER: "olga", Role.REVIEWER: "rita", Role.LABELLER: "lars"}


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        """Begin at noon."""
        self.now = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Give the moment."""
        return self.now


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash quickly in a test."""
    hash_quickly(monkeypatch)


def hash_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with argon2's least effort: what is tested is not how long it takes to guess."""
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: quick)
    passwords._nobody.cache_clear()


@contextmanager
def accounts_at(folder: Path, clock: Clock) -> Iterator[Accounts]:
    """Give the accounts of an empty project."""
    store = Store(f"sqlite:///{folder / 'florilegium.db'}")
    try:
        yield Accounts(store, clock=clock)
    finally:
        store.close()


def add_everybody(accounts: Accounts) -> None:
    """Make an account of each role; the owner first."""
    for role, name in NAMES.items():
        accounts.add(name, PASSWORD, role=role)


def signed_in(app: FastAPI, accounts: Accounts, name: str, *, base_url: str = HERE) -> TestClient:
    """Give a browser in which somebody has signed in."""
    signed = accounts.sign_in(name, PASSWORD)
    assert signed is not None
    client = TestClient(app, base_url=base_url)
    client.cookies.set(f"__Host-{LOGIN}" if base_url.startswith("https") else LOGIN, signed.token)
    return client
