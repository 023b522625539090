"""Frozen values and pure decisions. Standard library only: no I/O, no clock, no other package of the project."""
