"""Written queries of one project: the promise, the replies, the unknown, the desk. Path: **project** (shell)."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from florilegium.evaluation.selective import ERROR, SURE
from florilegium.project.queries import promising, replying, unknown
from florilegium.project.queries.promising import Case, Promised
from florilegium.project.queries.replying import RepliesTaken
from florilegium.project.queries.unknown import UnknownQueries
from florilegium.project.queries.view import Asked, Inbox, QueryCard, QueryWish, Told
from florilegium.store import QueryState

if TYPE_CHECKING:
    from florilegium.project.project import Project
    from florilegium.project.queries.desk import QueryDesk
    from florilegium.project.recourse import Recourse

__all__ = [
    "Asked",
    "Case",
    "Inbox",
    "Promised",
    "Queries",
    "QueryCard",
    "QueryWish",
    "RepliesTaken",
    "Told",
    "UnknownQueries",
]


class Queries:
    """A project's written queries."""

    def __init__(
        self,
        project: "Project",
        *,
        command: Callable[[str], AbstractContextManager[dict[str, Any]]],
        changed: Callable[[], None],
    ) -> None:
        """Work on a project; `command` holds it and records what is done, `changed`: its items are looked at again."""
        self._project = project
        self._command = command
        self._changed = changed
        self._recourse: Recourse | None = None

    def are_here(self) -> bool:
        """Tell whether the project's items are texts; pictures are no queries."""
        return self._project.store.holds_texts()

    def promise(self, *, error: float = ERROR, sure: float = SURE) -> Promised:
        """Choose the threshold above which at most a share `error` of automatic answers is wrong, and record it.

        Raises: SettingError: `error` or `sure` out of range.  StepMissing: no model.  InputError: no texts.
        """
        with self._command(promising.COMMAND) as told:
            made = promising.make(self._project, error=error, sure=sure)
            told.update(promising.record_of(made))
        return made

    def promised(self) -> Promised | None:
        """Give the promise made last; None: none was."""
        return promising.last(self._project)

    def take_replies(self, path: str | Path, *, check: bool = False, who: str = "owner") -> RepliesTaken:
        """Take a file of replies into use in place of those that were; with `check` only look at it.

        A promise is made anew with what was promised before: it holds for the intents that have a reply.
        Raises: SourceError, MetadataError: the file cannot be read.  InputError: rows have faults; all are listed.
        """
        replies, taken = replying.checked(self._project, Path(path))
        if check:
            return taken
        before = self.promised()
        with self._command("queries replies") as details:
            self._project.store.queries.put_replies(replies, who=who, now=self._project.clock())
            details |= {"file": Path(path).name, "n_replies": taken.n_replies, "n_intents": taken.n_intents}
        if before is not None and before.is_current:
            self.promise(error=before.promise.error, sure=before.promise.sure)
        return replying.done(taken)

    def unknown(self) -> UnknownQueries:
        """Group the queries on which the model abstained and that nobody named."""
        return unknown.grouped(self._project)

    def counts(self) -> dict[QueryState, int]:
        """Count the queries per state."""
        return self._project.store.queries.counts()

    def desk(self, wish: QueryWish | None = None) -> "QueryDesk":
        """Sit down at the desk.

        Raises: StepMissing: no model.  InputError: the project holds pictures.
        """
        from florilegium.project.queries.desk import QueryDesk
        from florilegium.project.queries.recording import recorder_of

        wish = wish or QueryWish(seed=self._project.settings.seed)
        # One for all desks: it follows the current model by itself, and has a thread of its own.
        recourse = self._recourse = self._recourse or self._project.recourse()
        return QueryDesk(
            self._project, wish, record=recorder_of(recourse), forget=recourse.forget, changed=self._changed
        )
