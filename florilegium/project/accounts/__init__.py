"""Accounts of the people who work on a project. Path: store -> **project** (shell) -> serve, cli."""

from florilegium.project.accounts.accounts import Accounts, Link, SignedIn
from florilegium.project.accounts.names import checked_name
from florilegium.store.people import Account, Invitation, LastOwner, LinkSpent, Role
from florilegium.store.sessions import Session

__all__ = [
    "Account",
    "Accounts",
    "Invitation",
    "LastOwner",
    "Link",
    "LinkSpent",
    "Role",
    "Session",
    "SignedIn",
    "checked_name",
]
