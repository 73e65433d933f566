"""What live answers say of their model, and how much it feeds itself. Path: appeals -> **feedback** -> report.

Sees answers, appeals and labels as arrays; never a model, a file, a page or SQL.
"""

from florilegium.feedback.automatic import AutomaticAudit, DeskPromise, automatic_audit
from florilegium.feedback.expected import Judged
from florilegium.feedback.origins import FeedbackShare, Labels, Origin, feedback_share
from florilegium.feedback.promise import Audit, Kept, Promise, audit
from florilegium.feedback.record import Appeals, LiveRecord, as_live
from florilegium.feedback.shifting import Reference, Shift, Shifted, shift
from florilegium.feedback.simulation import Simulated, Way, Wish, simulate
from florilegium.feedback.watch import Watched, watch

__all__ = [
    "Appeals",
    "Audit",
    "AutomaticAudit",
    "DeskPromise",
    "FeedbackShare",
    "Judged",
    "Kept",
    "Labels",
    "LiveRecord",
    "Origin",
    "Promise",
    "Reference",
    "Shift",
    "Shifted",
    "Simulated",
    "Watched",
    "Way",
    "Wish",
    "as_live",
    "audit",
    "automatic_audit",
    "feedback_share",
    "shift",
    "simulate",
    "watch",
]
