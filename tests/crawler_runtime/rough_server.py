"""The server that misbehaves, with every kind of misbehaviour registered."""

from tests.crawler_runtime.misbehaviour import (  # noqa: F401  # importing registers them
    browser_fights,
    hospital_hosts,
    lies,
    redirects,
    robots_and_sitemaps,
    sites,
    statuses,
    wire,
)
from tests.crawler_runtime.misbehaviour.robots_and_sitemaps import LAUGHS, sitemap
from tests.crawler_runtime.rough_core import BEHAVIOURS, PAGE, RoughServer, self_signed

__all__ = ["BEHAVIOURS", "LAUGHS", "PAGE", "RoughServer", "self_signed", "sitemap"]
