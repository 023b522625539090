"""The dashboard: last night, work against hands, what is found and what is missed, and whether the world has moved."""

import math
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from domain.nights import NightSummary
from domain.reviews import Stage
from domain.roles import Act
from review import figures
from review.web.charts import Interval, Series, bars, columns, intervals, sparkline, stacked_rows
from review.web.guard import Page
from review.web.visit import Visit
from storage.crawl.night_summary import night_summary
from storage.crawl.nights import list_nights

_RULES_SHOWN = 14
_STAGE_ZH = {Stage.FIRST: "待初审", Stage.SECOND: "待复审", Stage.THIRD: "待第三人"}
_AGE_MARKS = ("c1", "c3", "c4", "c2", "c5")


def dashboard(visit: Visit) -> Response:
    engine, now = visit.desk.engine, visit.desk.clock()
    nights = sorted(list_nights(engine), key=lambda night: night[1], reverse=True)
    night = night_summary(engine, nights[0][0]) if nights else None
    load, drifts = figures.load(engine, now), figures.drift(engine)
    periods = figures.rule_periods(engine, now)
    estimate = figures.audit_estimate(engine, [each[0] for each in nights[:30]])
    agreement = figures.agreement(engine)
    return visit.page(
        "figures.html",
        night=night,
        unwell=[target for target in night.targets if not target.healthy] if night else [],
        families=_families(visit, night),
        load=load,
        load_chart=_load_chart(load),
        at_work=figures.people_at_work(engine, now),
        ages_chart=_ages_chart(figures.ages(engine, now)),
        age_names=_age_names(),
        rules=_rules(visit, periods),
        estimate=estimate,
        shares_chart=_shares_chart(estimate, agreement),
        agreement=agreement,
        drift=drifts[-1] if drifts else None,
        drift_chart=_drift_chart(drifts),
        moved=_moved(visit, drifts),
    )


def _families(visit: Visit, night: NightSummary | None) -> Any:
    if night is None or not night.families:
        return ""
    named = visit.renderer.families(night.families)
    return bars("昨夜线索的类别", named[:10])


def _load_chart(load: figures.Load) -> Any:
    labels = [f"{day.day:%m-%d}" for day in load.days]
    series = (
        Series("新收", "c3", tuple(float(day.came) for day in load.days)),
        Series("已初审", "c1", tuple(float(day.read) for day in load.days)),
    )
    return columns("每日新收与初审条数", labels, series)


def _ages_chart(ages: tuple[figures.Age, ...]) -> Any:
    rows = [(_STAGE_ZH[age.stage], [count for _, count in age.buckets]) for age in ages]
    return stacked_rows("待办条目的等待时间", rows, _AGE_MARKS, _age_names())


def _age_names() -> list[str]:
    return ["1 天内", "1–3 天", "3–7 天", "7–14 天", "14 天以上"]


def _rules(visit: Visit, periods: list[figures.RulePeriod]) -> list[dict[str, Any]]:
    """Rules by how often people looked at them, each with its precision through the weeks."""
    totals: dict[str, tuple[int, int]] = {}
    for period in periods:
        for rule, entry in period.rules.items():
            hits, confirmed = totals.get(rule, (0, 0))
            totals[rule] = hits + entry.hits, confirmed + entry.confirmed
    chosen = sorted(totals, key=lambda rule: (-totals[rule][0], rule))[:_RULES_SHOWN]
    return [
        {
            "id": rule,
            "title": _title(visit, rule),
            "hits": totals[rule][0],
            "precision": totals[rule][1] / totals[rule][0] if totals[rule][0] else None,
            "chart": sparkline(f"{_title(visit, rule)}：各周查准率", [_point(period, rule) for period in periods]),
        }
        for rule in chosen
    ]


def _title(visit: Visit, rule: str) -> str:
    return visit.desk.lexicon.reference.title_of(rule)


def _point(period: figures.RulePeriod, rule: str) -> Interval:
    entry = period.rules.get(rule)
    label = f"{period.start:%m-%d} 起一周"
    if entry is None or not entry.hits:
        return Interval(label, None, 0.0, 1.0)
    low, high = entry.interval
    return Interval(label, entry.precision, low, high, f" {entry.confirmed}/{entry.hits}")


def _shares_chart(estimate: figures.AuditEstimate, agreement: figures.Agreement) -> Any:
    rows = [
        _interval("查全率（估计）", estimate.recall, "随机抽查的页面读过后才能估计"),
        _interval("涉嫌比例（估计）", estimate.prevalence, "随机抽查的页面读过后才能估计"),
        _interval("双盲一致", agreement.same, "还没有两人读过同一条"),
    ]
    return intervals("随机抽查与双盲审读的估计，附 95% 区间", rows)


def _interval(label: str, estimate: figures.Estimate, note: str) -> Interval:
    return Interval(label, estimate.value, estimate.low, estimate.high, note)


def _drift_chart(drifts: list[figures.NightDrift]) -> Any:
    """The scores of the last night beside those of the night before, by tenths, in per cent of pages."""
    if not drifts:
        return ""
    labels = [f"0.{tenth}" for tenth in range(10)]
    series = [Series(f"{drifts[-1].night_id}", "c1", _shares(drifts[-1].scores))]
    if len(drifts) > 1:
        series.insert(0, Series(f"{drifts[-2].night_id}", "c3", _shares(drifts[-2].scores)))
    return columns("评分分布（页数百分比）", labels, series)


def _shares(counts: tuple[int, ...]) -> tuple[float, ...]:
    total = sum(counts) or 1
    return tuple(round(100 * count / total, 1) for count in counts)


def _moved(visit: Visit, drifts: list[figures.NightDrift]) -> list[dict[str, Any]]:
    """Rules whose hits have changed most against the nights before."""
    if not drifts or drifts[-1].psi is None:
        return []
    rules: Mapping[str, tuple[float, float]] = drifts[-1].rules
    ranked = sorted(rules.items(), key=lambda item: -abs(math.log((item[1][0] + 1) / (item[1][1] + 1))))
    return [
        {"id": rule, "title": _title(visit, rule), "now": now, "before": before}
        for rule, (now, before) in ranked[:8]
        if abs(now - before) >= 1
    ]


PAGES = (Page("GET", "/figures", dashboard, Act.SEE_FIGURES, cost=5.0),)
