"""Recourse: live answers that people can contest, the review, and what is learned from it. Path: **project**."""

from florilegium.project.recourse.appealing import CaseStatus
from florilegium.project.recourse.recourse import Recourse
from florilegium.project.recourse.refusals import AlreadyContested, BlindFirst, NotTheSame, TicketUnknown
from florilegium.project.recourse.reviewing import Blind, OpenFile, Waiting

__all__ = [
    "AlreadyContested",
    "Blind",
    "BlindFirst",
    "CaseStatus",
    "NotTheSame",
    "OpenFile",
    "Recourse",
    "TicketUnknown",
    "Waiting",
]
