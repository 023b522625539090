"""Who is behind pages: the registry, practitioners, signs, and the identity graph."""
