"""WARC files: records, files, their index, and what a killed process leaves of them."""
