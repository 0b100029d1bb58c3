"""Measuring a model: on what, at which levels, how robustly, and the report for people."""
