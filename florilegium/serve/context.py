"""What the routes of a project's server are handed. Path: project -> **serve**. Holds, and does nothing."""

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry

from florilegium.project import Project
from florilegium.project.recourse import Recourse
from florilegium.serve.accounts import Gate
from florilegium.serve.limits import Limits, Room
from florilegium.serve.served import Served


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """One project and what its server shares between all pages."""

    project: Project  # its store may be asked by several threads at once
    recourse: Recourse  # what people can do about the answers
    gate: Gate
    served: Served  # the model that answers now
    limits: Limits
    room: Room  # the memory that all uploads share
    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)  # of this app alone, for Prometheus

    @property
    def url(self) -> str:
        """The public address with a slash at its end; empty where none was said: links are relative then."""
        return self.gate.url
