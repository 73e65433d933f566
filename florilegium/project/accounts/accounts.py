"""Accounts: who may sign in, as what, and by which link. Path: store -> **project** (shell) -> serve, cli.

Passwords and tokens are seen here only on their way: what is kept is argon2id of the one and SHA-256 of the other.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from florilegium.errors import InputError
from florilegium.project.accounts import passwords
from florilegium.project.accounts.names import checked_name, key_of
from florilegium.store import Store
from florilegium.store.people import SPENT, Account, Invitation, LinkSpent, Role
from florilegium.store.sessions import Session

SESSION_LASTS = timedelta(days=7)  # whatever is clicked, the password is asked again then
SESSION_IDLES = timedelta(hours=12)  # without a click
LINK_LASTS = timedelta(days=7)
TOKEN_BYTES = 24  # 192 bits: no guessing
AT_THE_TERMINAL = "the terminal"  # who invites by the command line


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """What a browser gets when somebody signs in: two secrets that are kept nowhere else."""

    account: Account
    token: str  # the session's cookie
    known: str  # the cookie that tells this browser from others who try the same name


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A one-time link: its secret part, and what it is for."""

    token: str
    invitation: Invitation


class Accounts:
    """The accounts of one project."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime]) -> None:
        """Keep them in a store."""
        self._people, self._sessions, self._clock = store.people, store.sessions, clock

    # People

    def exist(self) -> bool:
        """Tell whether there is an account at all."""
        return self._people.any()

    def list(self) -> tuple[Account, ...]:
        """Give all accounts, closed ones too."""
        return self._people.all()

    def invitations(self) -> tuple[Invitation, ...]:
        """Give the links that can still be used; their secret parts are known to nobody here."""
        return self._people.open_invitations(now=self._clock())

    def add(self, name: str, password: str, *, role: Role) -> Account:
        """Make an account with a password.

        Raises: InputError: the name or the password will not do.  LastOwner: the first one is not an owner.
        """
        name = checked_name(name)
        passwords.refuse_weak(password, name)
        return self._people.add(name, key_of(name), role, passwords.hashed(password), now=self._clock())

    def remove(self, name: str) -> None:
        """Close an account: its password, sessions and links are gone; what it said stays under its name.

        Raises: InputError: no such account.  LastOwner: it is the only owner.
        """
        self._people.disable(key_of(name), now=self._clock())

    def set_role(self, name: str, role: Role) -> None:
        """Change what somebody may do, from their next click on.

        Raises: InputError: no such account.  LastOwner: it is the only owner.
        """
        self._people.set_role(key_of(name), role)

    def set_password(self, name: str, password: str) -> None:
        """Give an account a new password, and end its sessions; a closed one is open again.

        Raises: InputError: no such account, or a weak password.
        """
        passwords.refuse_weak(password, name)
        self._people.set_password(key_of(name), passwords.hashed(password), now=self._clock())

    # One-time links

    def invite(self, name: str, *, role: Role, by: str = AT_THE_TERMINAL) -> Link:
        """Give a link by which somebody new sets a password; an older one for the name is worth nothing from now on.

        Raises: InputError: the name will not do, or is taken.  LastOwner: the first one is not an owner.
        """
        name = checked_name(name)
        link = self._link(name, role, by)
        self._people.invite(digest(link.token), link.invitation)
        return link

    def reset(self, name: str, *, by: str = AT_THE_TERMINAL) -> Link:
        """Take an account's password and sessions, and give a link by which a new password is set.

        Raises: InputError: no such account.
        """
        account = self._people.find(key_of(name))
        if account is None:
            raise InputError(f"{name!r}: no account of that name. See all of them: florilegium user list")
        link = self._link(account.name, account.role, by)
        self._people.reset(digest(link.token), link.invitation)
        return link

    def withdraw(self, name: str) -> None:
        """Make the open links of a name worthless."""
        self._people.withdraw(key_of(name), now=self._clock())

    def invitation(self, token: str) -> Invitation | None:
        """Give what a link is for; None: used, replaced, too old, or never given."""
        return self._people.invitation(digest(token), now=self._clock())

    def accept(self, token: str, password: str) -> SignedIn:
        """Use up a link: set the password, and sign in.

        Raises: LinkSpent: it cannot be used any more.  PasswordWeak: the link can be used again.
        """
        invitation = self.invitation(token)
        if invitation is None:  # said before the slow hash: guessing links costs us nothing
            raise LinkSpent(SPENT)
        passwords.refuse_weak(password, invitation.name)
        account = self._people.accept(digest(token), passwords.hashed(password), now=self._clock())
        begun = self._begin(account)
        if begun is None:
            raise LinkSpent("This account was closed a moment ago. Ask the owner.")
        return begun

    def _link(self, name: str, role: Role, by: str) -> Link:
        now = self._clock()
        invitation = Invitation(
            name=name, key=key_of(name), role=role, created_by=by, created_at=now, expires_at=now + LINK_LASTS
        )
        return Link(token=secrets.token_urlsafe(TOKEN_BYTES), invitation=invitation)

    # Signing in

    def sign_in(self, name: str, password: str) -> SignedIn | None:
        """Sign somebody in; None: the name or the password is wrong, and neither answer nor time tells which."""
        account = self._people.find(key_of(name))
        kept = account.password_hash if account is not None and account.is_active else None
        if not passwords.is_right(password, kept) or account is None or kept is None:
            return None
        if passwords.is_outdated(kept):
            account = self._people.replace_hash(account, passwords.hashed(password), end_sessions=False) or account
        return self._begin(account)

    def session(self, token: str) -> Session | None:
        """Give who is signed in by a cookie."""
        return self._sessions.find(digest(token), now=self._clock(), idle=SESSION_IDLES)

    def sign_out(self, token: str) -> None:
        """End a session."""
        self._sessions.end(digest(token))

    def change_password(self, session: Session, old: str, new: str) -> SignedIn | None:
        """Change one's own password, which ends all sessions and begins a new one; None: the old one is wrong.

        Raises: PasswordWeak.
        """
        account = self._people.find(session.key)
        if account is None or not passwords.is_right(old, account.password_hash):
            return None
        passwords.refuse_weak(new, account.name)
        changed = self._people.replace_hash(account, passwords.hashed(new), end_sessions=True)
        return None if changed is None else self._begin(changed)

    def knows(self, name: str, known: str) -> bool:
        """Tell whether a browser has signed in with this name before, by the cookie that it got then."""
        account = self._people.find(key_of(name))
        nonce, _, _ = known.partition(".")
        expected = _known(account.password_hash if account and account.password_hash else "nobody", nonce)
        return hmac.compare_digest(known.encode(), expected.encode()) and account is not None

    def _begin(self, account: Account) -> SignedIn | None:
        now, token = self._clock(), secrets.token_urlsafe(TOKEN_BYTES)
        csrf = secrets.token_urlsafe(TOKEN_BYTES)
        if not self._sessions.begin(digest(token), csrf, account, now=now, until=now + SESSION_LASTS):
            return None
        known = _known(account.password_hash or "", secrets.token_urlsafe(TOKEN_BYTES))
        return SignedIn(account=account, token=token, known=known)


def digest(token: str) -> str:
    """Give what is kept of a token: its SHA-256. A token is random, so no salt and no slow hash are needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _known(password_hash: str, nonce: str) -> str:
    """Give the cookie of a browser that signed in: worth nothing once the password is another."""
    sealed = hmac.new(password_hash.encode(), f"known browser {nonce}".encode("utf-8", "replace"), hashlib.sha256)
    return f"{nonce}.{sealed.hexdigest()}"
