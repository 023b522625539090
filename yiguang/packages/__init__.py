"""What leaves the data folder: packages, report forms, and their steps."""
