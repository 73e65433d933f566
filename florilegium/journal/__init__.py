"""Dated chapters that know what was really done, as Markdown and as a site. Path: report -> **journal** -> project."""

from florilegium.journal.chapter import SECTIONS, Chapter, next_steps
from florilegium.journal.events import Bookmark, Event, EventKind, Told
from florilegium.journal.folder import (
    Journal,
    JournalSettings,
    begin,
    read_journal,
    read_settings,
    sound,
    write_new,
    write_over,
    write_picture,
)
from florilegium.journal.prefill import prefill

__all__ = [
    "SECTIONS",
    "Bookmark",
    "Chapter",
    "Event",
    "EventKind",
    "Journal",
    "JournalSettings",
    "Told",
    "begin",
    "next_steps",
    "prefill",
    "read_journal",
    "read_settings",
    "sound",
    "write_new",
    "write_over",
    "write_picture",
]
