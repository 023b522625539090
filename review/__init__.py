"""The analysts' desk: queue, decisions, accounts, audit log and the pages that show them."""
