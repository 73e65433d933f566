"""Queries that no intent covers, in groups that a person may name. Path: **project** (shell)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from florilegium.queries.unknown import MOST_QUERIES, UnknownGroup, group_unknown
from florilegium.store import Query

if TYPE_CHECKING:
    from florilegium.project.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownQueries:
    """The queries that nobody named, newest first, and the groups that they fall into."""

    queries: tuple[Query, ...]
    groups: tuple[UnknownGroup, ...]  # their rows are places in `queries`

    @property
    def n_alone(self) -> int:
        """Count the queries that are in no group."""
        return len(self.queries) - sum(len(group.rows) for group in self.groups)


def grouped(project: "Project", *, most: int = MOST_QUERIES) -> UnknownQueries:
    """Group the newest unnamed queries by their words; the project's own texts say which words are telling."""
    queries = project.store.queries.unnamed(most=most)
    samples, texts = project.store.samples()
    known = [text for sample, text in zip(samples, texts, strict=True) if text and sample.label is not None]
    groups = group_unknown([query.text for query in queries], known) if queries else ()
    return UnknownQueries(queries=queries, groups=groups)
