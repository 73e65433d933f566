"""Gradient descent from scratch, step by step: a lesson that runs. Path: baseline -> **lab** (a side way)."""
