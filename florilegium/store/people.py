"""Keep accounts and invitations. Path: report -> **store** -> project. Never sees a password or a token in clear.

An account is never deleted, since the record of labels and reviews names it; `disable` takes its password and its
sessions. Once there is one account there is always an owner who may sign in: the database itself refuses the rest.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from florilegium.errors import InputError, SettingError, StateError, StorageError
from florilegium.store.database import translated, writing
from florilegium.store.people_schema import invitations, sessions, users

SPENT = "This link was used already, or is too old. Ask the owner for a new one."


class Role(StrEnum):
    """What a person may do; each may also do what those before it may."""

    LABELLER = "labeller"  # gives labels
    REVIEWER = "reviewer"  # decides appeals
    OWNER = "owner"  # invites people and sees everything

    @classmethod
    def of(cls, word: str) -> "Role":
        """Give the role of a word.

        Raises: SettingError: no role is called so.
        """
        if word not in set(cls):
            raise SettingError(f"role {word[:40]!r}: expected labeller, reviewer or owner.")
        return cls(word)

    def may(self, needed: "Role") -> bool:
        """Tell whether this role is enough where another is needed.

        >>> Role.REVIEWER.may(Role.LABELLER), Role.REVIEWER.may(Role.OWNER)
        (True, False)
        """
        order = list(Role)
        return order.index(self) >= order.index(needed)


class LastOwner(StateError):
    """Without this person nobody could let others in."""


class LinkSpent(InputError):
    """A one-time link was used, replaced, or is too old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person who may sign in, or might once."""

    id: int
    name: str
    key: str  # the name as it is compared
    role: Role
    password_hash: str | None  # None: has to be set by a one-time link
    created_at: datetime
    disabled_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Tell whether this person may sign in, now or once a password is set."""
        return self.disabled_at is None

    @property
    def state(self) -> str:
        """Say in a word whether this person may sign in."""
        return (
            "closed" if self.disabled_at is not None else "waits for a password" if not self.password_hash else "active"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A one-time link that lets somebody set a password: of a new account, or anew."""

    name: str
    key: str
    role: Role
    created_by: str
    created_at: datetime
    expires_at: datetime


class People:
    """All accounts and open invitations of one project."""

    def __init__(self, engine: Engine) -> None:
        """Use an engine whose tables are there."""
        self._engine = engine

    def any(self) -> bool:
        """Tell whether there is an account at all; once there is, there always will be."""
        with self._reading() as db:
            return db.scalar(select(users.c.id).limit(1)) is not None

    def all(self) -> tuple[Account, ...]:
        """Give every account, in order of making."""
        with self._reading() as db:
            return tuple(_account(row) for row in db.execute(select(users).order_by(users.c.id)))

    def find(self, key: str) -> Account | None:
        """Give the account of a name, as names are compared."""
        with self._reading() as db:
            return _find(db, key, to_change=False)

    def add(self, name: str, key: str, role: Role, password_hash: str, *, now: datetime) -> Account:
        """Make an account.

        Raises: InputError: the name is taken.  LastOwner: the first account would not be an owner's.
        """
        with self._changing(name) as db:
            if _find(db, key) is not None:
                raise InputError(_taken(name))
            return _add(db, name, key, role, password_hash=password_hash, now=now)

    def set_password(self, key: str, password_hash: str | None, *, now: datetime) -> None:
        """Set a password, or take it away (None), and end all sessions of the account; a disabled one lives again."""
        with writing(self._engine) as db:
            account = _known(db, key)
            _end_sessions(db, account)
            db.execute(
                update(users).where(users.c.id == account.id).values(password_hash=password_hash, disabled_at=None)
            )
            _void(db, key, now)

    def replace_hash(self, account: Account, password_hash: str, *, end_sessions: bool) -> Account | None:
        """Change the password that `account` was read with; None: it was changed or closed meanwhile."""
        same = (users.c.id == account.id) & (users.c.password_hash == account.password_hash)
        with writing(self._engine) as db:
            done = db.execute(
                update(users).where(same, users.c.disabled_at.is_(None)).values(password_hash=password_hash)
            )
            if not done.rowcount:
                return None
            if end_sessions:
                _end_sessions(db, account)
            return _find(db, account.key)

    def set_role(self, key: str, role: Role) -> None:
        """Change what somebody may do; it holds from their next click on.

        Raises: LastOwner: nobody else could let people in.  InputError: no such account.
        """
        with writing(self._engine) as db:
            owners, account = _owners(db), _known(db, key)
            if role is not Role.OWNER:
                _refuse_last_owner(owners, account)
            db.execute(update(users).where(users.c.id == account.id).values(role=role.value))

    def disable(self, key: str, *, now: datetime) -> None:
        """Let somebody sign in no more: password, sessions and open links are gone, the name stays taken.

        Raises: LastOwner: nobody else could let people in.  InputError: no such account.
        """
        with writing(self._engine) as db:
            owners, account = _owners(db), _known(db, key)
            _refuse_last_owner(owners, account)
            _end_sessions(db, account)
            _void(db, key, now)
            db.execute(update(users).where(users.c.id == account.id).values(password_hash=None, disabled_at=now))

    def invite(self, token_hash: str, invitation: Invitation) -> None:
        """Keep an invitation; older ones for the same name are worth nothing from now on.

        Raises: InputError: there is an account of that name.  LastOwner: the first account would not be an owner's.
        """
        with writing(self._engine) as db:
            if _find(db, invitation.key) is not None:
                raise InputError(_taken(invitation.name))
            _refuse_first(db, invitation.role)
            _keep(db, token_hash, invitation)

    def reset(self, token_hash: str, invitation: Invitation) -> None:
        """Take an account's password and sessions, and keep the link by which a new one is set; all or nothing.

        Raises: InputError: no such account.
        """
        with writing(self._engine) as db:
            account = _known(db, invitation.key)
            _end_sessions(db, account)
            db.execute(update(users).where(users.c.id == account.id).values(password_hash=None, disabled_at=None))
            _keep(db, token_hash, invitation)

    def withdraw(self, key: str, *, now: datetime) -> None:
        """Make the open links of a name worthless."""
        with writing(self._engine) as db:
            _void(db, key, now)

    def invitation(self, token_hash: str, *, now: datetime) -> Invitation | None:
        """Give an invitation that can still be used."""
        with self._reading() as db:
            return _invitation(db, token_hash, now, to_change=False)

    def open_invitations(self, *, now: datetime) -> tuple[Invitation, ...]:
        """Give the invitations that can still be used, the newest first."""
        good = invitations.c.used_at.is_(None) & (invitations.c.expires_at > now)
        with self._reading() as db:
            found = db.execute(select(invitations).where(good).order_by(invitations.c.created_at.desc()))
            return tuple(_of_row(row) for row in found)

    def accept(self, token_hash: str, password_hash: str, *, now: datetime) -> Account:
        """Use up a link: make the account, or give the one that is there a new password; all or nothing.

        Raises: LinkSpent: it was used, replaced, or is too old.
        """
        with self._changing("this name") as db:
            invitation = _invitation(db, token_hash, now, to_change=True)
            if invitation is None:
                raise LinkSpent(SPENT)
            _void(db, invitation.key, now)
            account = _find(db, invitation.key)
            if account is None:
                return _add(db, invitation.name, invitation.key, invitation.role, password_hash=password_hash, now=now)
            if not account.is_active:
                raise LinkSpent("This account was closed. Ask the owner.")
            _end_sessions(db, account)
            db.execute(update(users).where(users.c.id == account.id).values(password_hash=password_hash))
            return _known(db, account.key)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with translated(self._engine.url.render_as_string()), self._engine.connect() as db:
            yield db

    @contextmanager
    def _changing(self, name: str) -> Iterator[Connection]:
        try:
            with writing(self._engine) as db:
                yield db
        except StorageError as error:
            if isinstance(error.__cause__, IntegrityError):  # two at once, on PostgreSQL: the second one is late
                raise InputError(_taken(name)) from error
            raise


def _find(db: Connection, key: str, *, to_change: bool = True) -> Account | None:
    query = select(users).where(users.c.key == key)
    row = db.execute(query.with_for_update() if to_change else query).first()
    return None if row is None else _account(row)


def _known(db: Connection, key: str) -> Account:
    account = _find(db, key)
    if account is None:
        raise InputError(f"{key!r}: no account of that name. See all of them: florilegium user list")
    return account


def _account(row: Any) -> Account:  # noqa: ANN401 - an SQLAlchemy row has no narrower type
    return Account(**{**row._mapping, "role": Role(row.role)})


def _taken(name: str) -> str:
    return f"{name!r}: there is an account of that name. For a new password: florilegium user reset {name!r}"


def _add(db: Connection, name: str, key: str, role: Role, *, password_hash: str, now: datetime) -> Account:
    _refuse_first(db, role)
    row = {"name": name, "key": key, "role": role.value, "password_hash": password_hash, "created_at": now}
    db.execute(insert(users).values(**row))
    return _known(db, key)


def _refuse_first(db: Connection, role: Role) -> None:
    if role is not Role.OWNER and db.scalar(select(users.c.id).limit(1)) is None:
        raise LastOwner("The first account has to be an owner's: florilegium user add NAME --role owner")


def _owners(db: Connection) -> list[int]:
    """Give the owners who may sign in.

    Their rows are locked on PostgreSQL, in order and before any other row, so that two owners neither close each
    other's account at once nor wait for each other for ever.
    """
    owning = users.c.disabled_at.is_(None) & (users.c.role == Role.OWNER.value)
    return list(db.scalars(select(users.c.id).where(owning).order_by(users.c.id).with_for_update()))


def _refuse_last_owner(owners: list[int], account: Account) -> None:
    if owners == [account.id]:
        raise LastOwner(f"{account.name} is the only owner. Make somebody else an owner first.")


def _end_sessions(db: Connection, account: Account) -> None:
    db.execute(delete(sessions).where(sessions.c.user_id == account.id))


def _keep(db: Connection, token_hash: str, invitation: Invitation) -> None:
    _void(db, invitation.key, invitation.created_at)
    names = Invitation.__dataclass_fields__
    row = {name: getattr(invitation, name) for name in names} | {"role": invitation.role.value}
    db.execute(insert(invitations).values(token_hash=token_hash, **row))


def _void(db: Connection, key: str, now: datetime) -> None:
    still_open = (invitations.c.key == key) & invitations.c.used_at.is_(None)
    db.execute(update(invitations).where(still_open).values(used_at=now))


def _invitation(db: Connection, token_hash: str, now: datetime, *, to_change: bool) -> Invitation | None:
    good = (invitations.c.token_hash == token_hash) & invitations.c.used_at.is_(None)
    query = select(invitations).where(good, invitations.c.expires_at > now)
    row = db.execute(query.with_for_update() if to_change else query).first()
    return None if row is None else _of_row(row)


def _of_row(row: Any) -> Invitation:  # noqa: ANN401 - an SQLAlchemy row has no narrower type
    names = Invitation.__dataclass_fields__
    return Invitation(**{name: getattr(row, name) for name in names if name != "role"}, role=Role(row.role))
