"""The shell around the stages: one folder, one project. Path: settings -> **project** -> cli."""

from florilegium.project.backup.restoring import restore
from florilegium.project.project import Project, load, new, prepare

__all__ = ["Project", "load", "new", "prepare", "restore"]
