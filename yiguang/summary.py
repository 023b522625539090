"""The summary of a night, as JSON for programs and as tables for people."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from domain.findings import FAMILY_ZH
from domain.nights import Case, NightSummary, TargetResult
from domain.outcome import OUTCOME_ZH, Outcome
from yiguang.nightly import NightResult

#: More failures than this of one target are counted, not listed.
SHOWN_FAILURES = 5


def summary_row(result: NightResult) -> dict[str, object]:
    """The night as `nightly --json` prints it. Times are ISO 8601 in UTC."""
    night = result.summary
    return {
        "night_id": night.night_id,
        "started_at": night.started_at.isoformat(),
        "ended_at": night.ended_at.isoformat() if night.ended_at else None,
        "healthy": result.healthy,
        "leads": night.leads,
        "outcomes": _counts(night.outcomes),
        "families": dict(night.families),
        "bundles_verified": night.bundles_verified,
        "bundles_failed": list(night.bundles_failed),
        "faults": list(result.faults),
        "targets": [_target_row(target) for target in night.targets],
    }


def _target_row(target: TargetResult) -> dict[str, object]:
    return {
        "id": target.target_id,
        "name": target.name,
        "url": target.url,
        "healthy": target.healthy,
        "min_pages": target.min_pages,
        "content_pages": target.content_pages,
        "leads": target.leads,
        "waiting": target.waiting,
        "outcomes": _counts(target.outcomes),
        "failures": [{"url": url, "outcome": outcome, "detail": detail} for url, outcome, detail in target.failures],
    }


def _counts(outcomes: object) -> dict[str, int]:
    assert isinstance(outcomes, dict)
    return {str(outcome): count for outcome, count in outcomes.items()}


def print_summary(console: Console, result: NightResult, cases: Sequence[Case], home: Path) -> None:
    """Targets, leads by family, what failed and why, and where the evidence lies."""
    night = result.summary
    console.print(_targets_table(night))
    if night.families:
        console.print(_families_table(night))
    for line in complaints(result):
        console.print(line, style="red", markup=False, highlight=False, soft_wrap=True)
    _print_failures(console, night)
    if cases:
        console.print(f"证据（{night.bundles_verified} 份已核验）：", markup=False, highlight=False)
        for case in cases:
            console.print(f"  线索 {case.id}  {home / case.bundle}", markup=False, highlight=False, soft_wrap=True)


def complaints(result: NightResult) -> list[str]:
    """Why the night is not healthy, one sentence each; empty when it is."""
    night = result.summary
    lines = [] if night.targets else ["没有目标：先运行 yiguang targets import"]
    for target in night.targets:
        if target.content_pages < target.min_pages:
            lines.append(f"{target.name}：只取得 {target.content_pages} 页，少于应有的 {target.min_pages} 页")
        if target.waiting:
            lines.append(f"{target.name}：还有 {target.waiting} 页未做完")
    lines += [f"证据包未通过核验：{path}" for path in night.bundles_failed]
    return lines + list(result.faults)


def _targets_table(night: NightSummary) -> Table:
    table = Table(title=f"{night.night_id} 夜间巡查", title_justify="left")
    for heading, justify in (("目标", "left"), ("正常页", "right"), ("线索", "right"), ("其他结果", "left")):
        table.add_column(heading, justify="right" if justify == "right" else "left", overflow="fold")
    for target in night.targets:
        table.add_row(
            target.name,
            str(target.content_pages),
            str(target.leads),
            "、".join(
                f"{OUTCOME_ZH[outcome]} {count}"
                for outcome, count in target.outcomes.items()
                if outcome is not Outcome.CONTENT and count
            ),
            style=None if target.healthy else "red",
        )
    content = night.outcomes.get(Outcome.CONTENT, 0)
    others = sum(night.outcomes.values()) - content
    table.add_section()
    table.add_row(f"合计 {len(night.targets)} 个目标", str(content), str(night.leads), f"{others} 页" if others else "")
    return table


def _families_table(night: NightSummary) -> Table:
    table = Table(title="线索类别（一页可有多类）", title_justify="left")
    table.add_column("类别")
    table.add_column("页数", justify="right")
    for family, count in sorted(night.families.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(FAMILY_ZH[family], str(count))
    return table


def _print_failures(console: Console, night: NightSummary) -> None:
    failed = [target for target in night.targets if target.failures]
    if failed:
        console.print("未取得正常内容的页面：", markup=False, highlight=False)
    for target in failed:
        for url, outcome, detail in target.failures[:SHOWN_FAILURES]:
            reason = f"{OUTCOME_ZH[outcome]}{f'（{detail}）' if detail else ''}"
            console.print(f"  {target.name}  {reason}  {url}", markup=False, highlight=False, soft_wrap=True)
        others = sum(target.outcomes.values()) - target.content_pages - min(len(target.failures), SHOWN_FAILURES)
        if others > 0:
            console.print(f"  {target.name}  另有 {others} 页", markup=False, highlight=False)
