"""How long evidence is kept, deleting what is due, the second copy, and backups."""
