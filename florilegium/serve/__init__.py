"""A classifier's page and JSON interface over HTTP; each route calls one method. Path: export -> **serve** -> cli."""

from florilegium.serve.app import create_app
from florilegium.serve.limits import Limits

__all__ = ["Limits", "create_app"]
