"""The frame and the navigation of all pages for people who work on a project. Path: **serve**."""

from florilegium.serve.staff.navigation import ENTRIES, Entry
from florilegium.serve.staff.render import HOME, at, frame_values, staff_html, staff_page

__all__ = ["ENTRIES", "HOME", "Entry", "at", "frame_values", "staff_html", "staff_page"]
