"""Checks evidence bundles with nothing but plain Python 3.9 or newer: the source of `verify.pyz`.

Written apart from `storage` on purpose: a second reading of the formats in `docs/evidence.md`, sharing no code with the
programs that made the evidence, so that a fault in one shows as a difference between the two.
"""
