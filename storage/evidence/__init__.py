"""The evidence of a lead: one signed file, its sheets, and copies of it that may circulate."""
