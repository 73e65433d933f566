"""People at work on a project's labels: what is asked next, what was said, what that brought. Path: **project**."""

from florilegium.project.desk.card import Card, DeskWish, Task
from florilegium.project.desk.desk import Desk

__all__ = ["Card", "Desk", "DeskWish", "Task"]
