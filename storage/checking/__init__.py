"""Checking evidence: bundles by themselves, and every file against the chain and the database."""
