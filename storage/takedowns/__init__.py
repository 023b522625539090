"""Referred pages, later looks at them, and the evidence of each look."""
