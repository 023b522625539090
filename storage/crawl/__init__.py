"""What nights share by the database: the frontier, visits, figures, targets, and what is remembered of pages."""
