"""How the commands are listed, and what to do after a slip on the command line. Path: **cli**."""

from typing import Any

from typer.core import TyperGroup

# The way of use; what is not named here comes last, in the order in which it was registered.
ORDER = (
    *("demo", "run", "new", "audit", "label", "relabel", "labels", "train", "verdict", "report", "bias", "status"),
    *("predict", "serve", "queries", "appeals", "person", "recourse", "export", "lab", "cards", "journal", "draft"),
)
PROJECT_OPTION = "-p"


class Commands(TyperGroup):
    """The commands in the order of use; a usage error is shown with a hint where one is known."""

    def __init__(self, **options: Any) -> None:
        """Bring the commands into order."""
        super().__init__(**options)
        ordered = {name: self.commands[name] for name in ORDER if name in self.commands}
        self.commands = {**ordered, **self.commands}

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer's own context, and whatever a command returns
        """Carry a command out; a usage error gets its hint before typer shows it."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            _hint(error)
            raise


def _hint(error: Any) -> None:  # noqa: ANN401 - typer's usage error, whose class it does not publish
    """Say how a project's folder is named, to those who name it without -p."""
    if not str(getattr(error, "message", "")).startswith("Got unexpected extra argument"):
        return
    context = error.ctx
    if any(PROJECT_OPTION in parameter.opts for parameter in context.command.params):
        error.message = f"{error.message}. A project's folder is named with -p: {context.command_path} -p FOLDER"
