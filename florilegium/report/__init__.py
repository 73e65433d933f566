"""Show what was found as one page that anybody can open. Path: evaluation -> **report** -> project.

Takes values, gives HTML; opens no file, no network connection and no browser.
"""

from florilegium.report.build import build, wanted
from florilegium.report.pictures import thumbnail
from florilegium.report.values import Account, Biases, Candidate, Opening, People, Summary

__all__ = ["Account", "Biases", "Candidate", "Opening", "People", "Summary", "build", "thumbnail", "wanted"]
