"""One night of visits: whose turn it is, what a visit does, and how it ends."""
