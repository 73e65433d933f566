"""The monitor as a served page, and figures for Prometheus. Path: project -> **serve**."""

from florilegium.serve.monitor.metrics import Timed, metrics_routes
from florilegium.serve.monitor.page import monitor_routes

__all__ = ["Timed", "metrics_routes", "monitor_routes"]
