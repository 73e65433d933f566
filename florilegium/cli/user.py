"""`user`: who may sign in to a project's pages, and as what. Path: project -> **cli**."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from florilegium.cli.edge import edge
from florilegium.cli.options import JsonOption, ProjectOption
from florilegium.cli.terminal import bars_for, console, load, print_json
from florilegium.errors import InputError

if TYPE_CHECKING:
    from florilegium.project import Project
    from florilegium.project.accounts import Link

app = typer.Typer(
    name="user",
    help="Accounts of the people who label, review and own. Without one, only this machine reaches the pages.",
    rich_markup_mode="rich",
    no_args_is_help=True,
)

HERE = "http://127.0.0.1:8000/"  # where `serve` is, unless told otherwise
Name = Annotated[str, typer.Argument(help="The person's name, as records will say it.")]
RoleOption = Annotated[
    str, typer.Option(help="labeller, reviewer or owner; each may also do what those before it may.")
]
UrlOption = Annotated[
    str | None, typer.Option(help="Where the pages are reached.", show_default="public_url, else this machine")
]
StdinOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input, one line, and do not ask.")
]


@app.callback()
def user() -> None:
    """Hold the commands about accounts together."""


@app.command("add")
def add(
    name: Name, role: RoleOption = "labeller", project: ProjectOption = Path(), password_stdin: StdinOption = False
) -> None:
    """Make an account and set its password, which is asked for twice. The first account is an owner's.

    [bold]Examples[/bold]:

      florilegium user add ann --role owner

      pass show florilegium/ann | florilegium user add ann --role owner --password-stdin
    """
    from florilegium.project.accounts import Role, checked_name

    with edge(), bars_for(True) as bars, load(project, bars) as opened:
        wanted = Role.of(role)
        name = checked_name(name)
        opened.user().add(name, _password(password_stdin), role=wanted)
        print(f"{name} may sign in as {wanted}.")


@app.command("invite")
def invite(
    name: Name,
    role: RoleOption = "labeller",
    project: ProjectOption = Path(),
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a link by which somebody sets a password of their own. It works once, for seven days.

    [bold]Example[/bold]: florilegium user invite rita --role reviewer
    """
    from florilegium.project.accounts import Role

    with edge(as_json=as_json), bars_for(True) as bars, load(project, bars) as opened:
        base = _base(opened, url)
        _show_link(opened.user().invite(name, role=Role.of(role)), base, as_json=as_json)


@app.command("reset")
def reset(
    name: Name,
    project: ProjectOption = Path(),
    url: UrlOption = None,
    password_stdin: StdinOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take a forgotten password away, end all sessions, and print a link by which a new one is set.

    A closed account is open again with it.

    [bold]Example[/bold]: florilegium user reset ann
    """
    with edge(as_json=as_json), bars_for(True) as bars, load(project, bars) as opened:
        if password_stdin:
            opened.user().set_password(name, _password(password_stdin))
            print(f"{name} has a new password.")
        else:
            base = _base(opened, url)
            _show_link(opened.user().reset(name), base, as_json=as_json)


@app.command("remove")
def remove(name: Name, project: ProjectOption = Path()) -> None:
    """Close an account: password, sessions and links are gone at once. What the person said stays under their name.

    [bold]Example[/bold]: florilegium user remove rita
    """
    with edge(), bars_for(True) as bars, load(project, bars) as opened:
        opened.user().remove(name)
        print(f"{name} may sign in no more. To open the account again: florilegium user reset {name!r}")


@app.command("list")
def list_(project: ProjectOption = Path(), as_json: JsonOption = False) -> None:
    """Show who may sign in, as what, and which invitations are open.

    [bold]Example[/bold]: florilegium user list
    """
    with edge(as_json=as_json), bars_for(True) as bars, load(project, bars) as opened:
        accounts = opened.user()
        rows = [
            {"name": a.name, "role": a.role.value, "state": a.state, "since": a.created_at} for a in accounts.list()
        ]
        known = {account.key for account in accounts.list()}
        rows += [
            {"name": i.name, "role": i.role.value, "state": "invited", "since": i.created_at}
            for i in accounts.invitations()
            if i.key not in known
        ]
        _show_list(rows, as_json=as_json)


def _show_list(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json({"people": [{**row, "since": row["since"].isoformat()} for row in rows]})
        return
    if not rows:
        print("Nobody has an account: the pages are for this machine alone. florilegium user add NAME --role owner")
        return
    from rich.table import Table

    table = Table("name", "role", "state", "since", box=None, pad_edge=False)
    for row in rows:
        table.add_row(escape(row["name"]), row["role"], row["state"], f"{row['since']:%Y-%m-%d}")
    console().print(table, highlight=False)


def _base(project: "Project", url: str | None) -> str:
    """Give what a link begins with; asked for before anything is changed.

    Raises: SettingError: it is no address.
    """
    from florilegium.settings import checked_url

    return checked_url(url or project.settings.public_url or HERE)


def _show_link(link: "Link", base: str, *, as_json: bool) -> None:
    """Print a link alone on standard output, and what it is beside it."""
    address = f"{base}invitation/{link.token}"
    told = link.invitation
    if as_json:
        print_json({"url": address, "name": told.name, "role": told.role, "expires_at": told.expires_at.isoformat()})
        return
    print(address)
    until = f"{told.expires_at:%Y-%m-%d %H:%M} UTC"
    print(f"For {told.name}, as {told.role}: works once, until {until}. Send it to nobody else.", file=sys.stderr)


def _password(from_stdin: bool) -> str:
    """Read a password: a line from standard input, or asked for twice at the terminal.

    Raises: InputError: there is no terminal to ask at, or the two differ.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise InputError("There is no terminal to ask for the password at. Pass it in: --password-stdin < FILE")
    from getpass import getpass

    first = getpass("Password (at least 12 characters): ")
    if getpass("The same again: ") != first:
        raise InputError("The two passwords differ. Run the command again.")
    return first
