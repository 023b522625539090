"""A finding is a lead for a person to look at, never a verdict."""

from dataclasses import dataclass, field

from domain.site_logos import LogoLikeness

FAMILIES: tuple[str, ...] = (
    "cure-guarantee", "efficacy-rate", "safety-assertion", "comparison", "testimonial", "endorsement",
    "absolute-term", "secret-formula", "disguised-science-lead", "no-review-number", "brand-piggyback", "bad-naming",
    "out-of-scope", "unlicensed-beauty", "prohibited-tech", "insurance-lure", "scalper", "fake-expert",
    "health-product-cure", "price-lure", "anxiety", "privacy", "other",
)  # fmt: skip

FAMILY_ZH: dict[str, str] = {
    "cure-guarantee": "保证治愈",
    "efficacy-rate": "治愈率/有效率",
    "safety-assertion": "安全性断言",
    "comparison": "与他人比较",
    "testimonial": "患者证明",
    "endorsement": "代言/推荐",
    "absolute-term": "绝对化用语",
    "secret-formula": "祖传秘方/神医",
    "disguised-science-lead": "变相科普引流",
    "no-review-number": "未见审查证明文号",
    "brand-piggyback": "傍名牌",
    "bad-naming": "不规范命名",
    "out-of-scope": "超诊疗科目",
    "unlicensed-beauty": "生活美容涉医疗美容",
    "prohibited-tech": "禁止类技术/服务",
    "insurance-lure": "医保诱导",
    "scalper": "号贩子/医托",
    "fake-expert": "专家身份存疑",
    "health-product-cure": "非药品宣称疗效",
    "price-lure": "价格诱导",
    "anxiety": "制造焦虑/恐吓",
    "privacy": "泄露患者隐私",
    "other": "其他",
}

GENRES: tuple[str, ...] = (
    "promotion", "disclosure", "science", "news", "regulatory", "research", "recruitment", "forum", "commerce", "other",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Document:
    """What the classifier judges. Offsets in findings are code points into `text`.

    `contact_in_body`/`contact_in_footer`, `widgets` and `cta` come from extraction; for bare text they are found in
    the text itself. `links_text` is the text of links (appointment buttons), one per entry.
    `body_start`/`body_end` bound the main body; both 0 means the whole text is body.
    `keywords` and `description` are what the page's head says to search engines; only names are looked for in them.
    `logo` is whose sign the site's own looks like.
    """

    text: str
    title: str = ""
    site_name: str = ""
    url: str = ""
    account: str = ""
    page_type: str = "page"
    body_start: int = 0
    body_end: int = 0
    contact_in_body: tuple[str, ...] = ()
    contact_in_footer: tuple[str, ...] = ()
    widgets: tuple[str, ...] = ()
    cta: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    image_count: int = 0
    keywords: str = ""
    description: str = ""
    logo: LogoLikeness | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One place in the text that a rule points at: `text[start:end] == quote` always holds.

    `weight` is 0..1, `severity` 1..5 (`law.md` scale). A silenced finding is kept with the `gates` that silenced it;
    for a live finding `gates` is empty. `basis` cites law by short name and article, as `广告法16(1)(2)`.
    """

    rule: str
    family: str
    quote: str
    start: int
    end: int
    weight: float
    basis: tuple[str, ...]
    severity: int
    silenced: bool = False
    gates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """`score` is the calibrated probability (0..1) that a reviewer would confirm an illegal medical advertisement.

    `flagged` is `score >= threshold` of the operating point. `reasons` are short Chinese sentences, most weighty first.
    `names_sha256` stands for the lists of names, and the registry, that were looked at; empty when none were.
    """

    score: float
    flagged: bool
    genre: str
    is_ad: bool
    ad_basis: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    reasons: tuple[str, ...] = ()
    rules_sha256: str = ""
    model_sha256: str = ""
    names_sha256: str = ""
    parts: dict[str, float] = field(default_factory=dict)
