"""Labelling: what to do next, what it brought, and when to stop. Path: bias -> **active** -> report.

Sees scores, vectors, predictions and people's verdicts; never a model, a file or a page.
"""
