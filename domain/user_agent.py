"""The name by which sites know us."""

#: Site owners name this in robots.txt, so a user agent without it would disguise us.
ROBOTS_TOKEN = "YiguangBot"
DEFAULT_USER_AGENT = f"Mozilla/5.0 (compatible; {ROBOTS_TOKEN}/0.1)"
