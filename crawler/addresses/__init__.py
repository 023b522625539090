"""URLs: how they are spelled, which belong to a target, which may be reached, and the lists that name them."""
