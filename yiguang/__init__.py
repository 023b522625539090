"""Wiring only: command line, settings, the nightly workflow, logging."""
