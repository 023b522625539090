"""Telling people and monitors: alerts, digests, metrics."""
