"""The labelling pages: clean, label, decide, measure, play. Path: project -> **serve** -> cli."""

from florilegium.serve.desk.app import create_desk

__all__ = ["create_desk"]
