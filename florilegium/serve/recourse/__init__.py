"""The pages on which an answer is contested, followed and reviewed. Path: project -> **serve**."""

from florilegium.serve.recourse.app import recourse_part

__all__ = ["recourse_part"]
