"""Short Chinese reasons for a score, the most weighty first."""

from classifier.analysis import Analysis
from classifier.model import Scored
from domain.findings import FAMILY_ZH

_MOST_REASONS = 8
_QUOTE_LENGTH = 30


def reasons_for(analysis: Analysis, scored: Scored) -> tuple[str, ...]:
    reasons: list[str] = []
    if analysis.ad.is_ad:
        ground = analysis.ad.grounds[0]
        reasons.append(f"涉嫌广告：{ground.title}（{ground.basis}）")
    elif analysis.ad.exclusions:
        ground = analysis.ad.exclusions[0]
        reasons.append(f"一般不视为广告：{ground.title}（{ground.basis}）")
    seen: set[str] = set()
    for item in sorted(analysis.live, key=lambda item: (-item.finding.weight, item.finding.start, item.rule.id)):
        if item.rule.id in seen:
            continue
        seen.add(item.rule.id)
        disguised = "，以变形文字规避" if item.disguised else ""
        reasons.append(
            f"{FAMILY_ZH[item.finding.family]}：“{_short(item.finding.quote)}”{disguised}（{'、'.join(item.finding.basis)}）"
        )
    for item in analysis.located:
        if item.finding.silenced and item.rule.id not in seen and item.finding.gates != ("shadow",):
            seen.add(item.rule.id)
            reasons.append(f"“{_short(item.finding.quote)}”不计（{'、'.join(item.finding.gates)}）")
    if not analysis.located:
        weightiest = max(scored.parts, key=lambda name: abs(scored.parts[name]))
        reasons.append(f"未命中规则，得分主要来自{weightiest}")
    return tuple(reasons[:_MOST_REASONS])


def _short(quote: str) -> str:
    flat = " ".join(quote.split())
    return flat if len(flat) <= _QUOTE_LENGTH else f"{flat[:_QUOTE_LENGTH]}…"
