"""Judging texts by hand, and work on rules and models: checked, compared, tried, trained."""
