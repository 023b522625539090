"""Leads and packages: what was flagged, what went out, and tips from the public."""
