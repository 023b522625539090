"""Targets in, captures out: Scrapy spiders, Playwright rendering, WeChat pages, extraction, outcomes."""
