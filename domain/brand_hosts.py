"""Host names that look like those of a brand's owner: pinyin with a medical word, hyphens, typos, look-alike letters."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from domain.brand_book import Brand, BrandBook

_SUFFIXES = frozenset(
    {"com", "cn", "net", "org", "gov", "edu", "ac", "cc", "top", "vip", "info", "example", "xyz", "www", "m"}
)
_SHORTEST_CORE = 4
_SHORTEST_TYPO = 6
"""Letters from which a core may be misspelt: of shorter ones half the alphabet is one step away."""
_HOSTS_REMEMBERED = 4096
"""All pages of a site have its host."""


@dataclass(frozen=True, slots=True)
class HostLikeness:
    """How a host resembles a brand. `kind` is `homograph`, `typo`, `core-with-word` or `pinyin-with-word`."""

    kind: str
    token: str
    domain: str
    weight: float


@lru_cache(_HOSTS_REMEMBERED)
def official_brand(host: str, book: BrandBook) -> Brand | None:
    """The owner whose official domain the host is or lies under."""
    plain = host.lower().rstrip(".")
    for brand in book.brands:
        if any(plain == domain or plain.endswith("." + domain) for domain in brand.official_domains):
            return brand
    return None


@lru_cache(_HOSTS_REMEMBERED)
def likenesses(host: str, book: BrandBook) -> tuple[HostLikeness, ...]:
    """Every way in which a host that is nobody's official one resembles a brand's domains or pinyin, weightiest kind first."""
    return tuple(_likenesses(host, book))


def _likenesses(host: str, book: BrandBook) -> Iterator[HostLikeness]:
    written = unicode_host(host)
    labels = [label for label in written.split(".") if label and label not in _SUFFIXES]
    if not labels or any(label in book.hosts["third_parties"] for label in written.split(".")):
        return
    for brand in book.brands:
        if brand.token not in book.pinyin:
            continue
        for domain in brand.official_domains:
            core = domain.split(".")[0]
            if len(core) >= _SHORTEST_CORE and core not in (*book.hosts["medical"], *book.hosts["commercial"]):
                for label in labels:
                    yield from _like_core(label, core, brand.token, domain, book)
    for token, pinyin in book.pinyin.items():
        for label in labels:
            if _with_medical_word(label, pinyin, book):
                weight = 0.65 if _has_word(label, book.hosts["commercial"]) else 0.45
                yield HostLikeness("pinyin-with-word", token, pinyin, weight - (0.2 if token in book.homes else 0))


def unicode_host(host: str) -> str:
    """Lower case, with punycode labels decoded; a label that does not decode stays as it is."""
    labels = []
    for label in host.lower().rstrip(".").split("."):
        if label.startswith("xn--"):
            with suppress(UnicodeError):  # kept in its coded form: it resembles nothing then
                label = label.encode("ascii").decode("idna")
        labels.append(label)
    return ".".join(labels)


def _like_core(label: str, core: str, token: str, domain: str, book: BrandBook) -> Iterator[HostLikeness]:
    plain = _unmasked(label, book.confusable)
    if label != core and plain == core and not label.isascii():
        yield HostLikeness("homograph", token, domain, 0.75)
    elif label != core and len(core) >= _SHORTEST_TYPO and (plain.replace("-", "") == core or _one_slip(label, core)):
        yield HostLikeness("typo", token, domain, 0.65)
    elif _with_medical_word(label, core, book) or (label == core and len(core) >= _SHORTEST_TYPO):
        yield HostLikeness("core-with-word", token, domain, 0.65)


def _with_medical_word(label: str, core: str, book: BrandBook) -> bool:
    """xinxiehe-nanke, pumch-yuyue: the core, and nothing else but medical words, digits and hyphens."""
    before, found, after = label.partition(core)
    if not found:
        return False
    rest = [_without_place_digits(part) for part in (before, after)]
    return any(rest) and any(
        part == word or part.endswith(word) or part.startswith(word)
        for part in rest
        if part
        for word in (*book.hosts["medical"], *book.hosts["commercial"])
    )


def _has_word(label: str, words: tuple[str, ...]) -> bool:
    return any(word in label for word in words)


def _without_place_digits(part: str) -> str:
    return part.strip("-0123456789")


def _unmasked(label: str, confusable: Mapping[str, str]) -> str:
    for shape, letter in confusable.items():
        label = label.replace(shape, letter)
    return label


def _one_slip(written: str, core: str) -> bool:
    """One letter doubled, dropped or swapped with its neighbour: how people mistype, and how look-alikes are made."""
    if len(written) == len(core) + 1:
        return any(
            written[:place] + written[place + 1 :] == core and written[place] == written[place - 1]
            for place in range(1, len(written))
        )
    if len(written) == len(core) - 1:
        return any(core[:place] + core[place + 1 :] == written for place in range(1, len(core)))
    return len(written) == len(core) and any(
        core[:place] + core[place + 1] + core[place] + core[place + 2 :] == written and core[place] != core[place + 1]
        for place in range(len(core) - 1)
    )
