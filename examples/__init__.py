"""Things to run and look at; nothing of the product imports them."""
