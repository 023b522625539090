"""What the parts are handed: the crawler's settings, the classifier, and the provenance that every evidence bundle states."""

import platform
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version

from classifier.engine import Analyser, Classifier
from classifier.errors import LexiconError
from crawler.settings import CrawlSettings
from crawler.wordings import BadWordings, Wordings, load_wordings
from domain.site_logos import OfficialLogo
from yiguang.errors import CommandFailed
from yiguang.judging import NamesAndWords, names_sha256
from yiguang.lexicon_words import said_of
from yiguang.settings import Settings

#: A crawl process that has done nothing at all for so long is started again.
STUCK_SECONDS = 180.0


def crawl_settings(settings: Settings, now: datetime) -> CrawlSettings:
    """For a crawl that begins `now` (aware): it stops when the night's window closes, at once when that has closed."""
    window = settings.night_window
    return CrawlSettings(
        wordings=load_web_words(settings),
        user_agent=settings.user_agent,
        contact=settings.contact,
        timeout_seconds=settings.timeout_seconds,
        render_timeout_seconds=settings.render_timeout_seconds,
        concurrent_renders=settings.browser_open,
        renders_per_browser=settings.browser_pages,
        browser_worn_bytes=settings.browser_worn_mb * 1_000_000,
        browser_killed_bytes=settings.browser_killed_mb * 1_000_000,
        retry_seconds=settings.retry_seconds,
        concurrent_sites=settings.concurrent_sites,
        hosts=settings.hosts,
        chromium_path=settings.chromium,
        chromium_sandbox=settings.chromium_sandbox,
        dns_control=settings.dns_control,
        stop_at=None if window is None else window.closes_at(now) or now,
    )


def with_pictures(
    crawl: CrawlSettings,
    settings: Settings,
    classifier: Classifier,
    spent: float,
    pages: int,
    known_logos: tuple[OfficialLogo, ...],
    share: float = 1.0,
) -> CrawlSettings:
    """The settings of one of the night's crawl processes, with its share of the night's time for pictures; of that it has `spent`
    some seconds already before it was started again. `pages` are those it is expected to have yet. `share` is as in `ShardJob`."""
    return replace(
        crawl,
        ocr_budget_seconds=settings.ocr_budget_seconds * share,
        ocr_spent_seconds=spent,
        pages_expected=pages,
        stuck_seconds=STUCK_SECONDS,
        suspicious_score=classifier.threshold / 2,
        known_logos=known_logos,
    )


def load_web_words(settings: Settings) -> Wordings:
    """Raises CommandFailed naming the file when one of `lexicons/web` is missing or does not hold what it should."""
    try:
        return load_wordings(settings.lexicons / "web")
    except BadWordings as fault:
        raise CommandFailed(f"词库无法载入：{fault}") from fault


def load_names(classifier: Classifier, settings: Settings) -> NamesAndWords:
    """Raises CommandFailed naming what is wrong when a list of names does not hold what it should."""
    try:
        return NamesAndWords.load(classifier, settings.lexicons)
    except (OSError, ValueError, KeyError) as fault:
        raise CommandFailed(f"名称词库无法载入：{said_of(fault)}") from fault


def load_classifier(settings: Settings) -> Classifier:
    """Raises CommandFailed naming the file when a lexicon does not hold what it should."""
    try:
        return Classifier.load(settings.lexicons)
    except (LexiconError, OSError) as fault:
        raise CommandFailed(f"词库无法载入：{said_of(fault)}") from fault


def load_analyser(settings: Settings) -> Analyser:
    """The classifier without its model. Raises CommandFailed as `load_classifier` does."""
    try:
        return Analyser(settings.lexicons)
    except (LexiconError, OSError) as fault:
        raise CommandFailed(f"词库无法载入：{said_of(fault)}") from fault


def provenance(settings: Settings, classifier: Classifier, registry: str, worker: str) -> Mapping[str, str]:
    """Who judged and captured, with which versions; what is true of the whole process, not of one visit.

    `registry` says which lists of institutions were at hand.
    """
    return {
        "operator": settings.operator,
        "tool": "yiguang",
        "tool_version": version("yiguang"),
        "worker": worker,
        "python": platform.python_version(),
        "system": platform.platform(),
        "host": platform.node(),
        "rules_sha256": classifier.rules_sha256,
        "model_sha256": classifier.model_sha256,
        "threshold": repr(classifier.threshold),
        "names_sha256": names_sha256(settings.lexicons),
        "registry": registry,
        **({"egress": settings.egress} if settings.egress else {}),
    }
