"""The classifier that watches itself: its live record, what that says, how much it feeds itself. Path: **project**."""

from florilegium.project.monitor.feeding import Feedback
from florilegium.project.monitor.watching import Monitored, MonitorWish

__all__ = ["Feedback", "MonitorWish", "Monitored"]
