"""The command line: each command reads, calls a Project method, and shows. Path: project -> **cli**."""

from florilegium.cli.commands import main

__all__ = ["main"]
