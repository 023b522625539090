"""The chain of digests, its signed heads, time stamps, keys, and the acts that are on record for good."""
