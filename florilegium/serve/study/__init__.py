"""A page to study cards on: one learner, one machine. Path: project -> **serve** -> cli."""

from florilegium.serve.study.app import create_study

__all__ = ["create_study"]
