"""Words and signs in pictures: which are fetched and read, within which limits, by a process of its own."""
