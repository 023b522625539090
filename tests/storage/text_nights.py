"""Nights in which pages say given texts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from domain.outcome import Outcome
from storage.crawl.frontier import SqlFrontier
from storage.crawl.nights import finish_night, open_night
from storage.crawl.targets import list_targets, save_targets
from storage.crawl.visits import SqlVisitStore
from tests.storage.samples import NOW, TARGETS, failed_visit, judgement, page, visit

CLINIC, HOSPITAL = "http://clinic.example/", "http://hospital.example/"
MENU, FOOT = "首页 医院概况 科室导航 联系我们\n", "\n版权所有 示例网站"
CLAIMS = (
    "示例门诊部采用示例疗法，治愈率达98%，签约治疗，无效退款。疗程短，见效快，不反复，不影响工作和生活。"
    "数千名患者在这里重获健康，专家团队全天在线答疑。电话 000-00001234。"
)
ALIKE = CLAIMS.replace("数千名", "数万名")
OTHER = (
    "示例医院公布冬季门诊安排：内科、外科照常开诊，口腔科周三停诊一天，检验科早上七点开始抽血。"
    "请提前在窗口或自助机上预约，迟到超过半小时需要重新排队。"
)
GONE = ""


def night(engine: Engine, store: SqlVisitStore, day: int, bodies: Mapping[str, str | int]) -> dict[str, int]:
    """A night that finds these main texts (a number: unchanged since that page; GONE: no page); page ids by address."""
    now = NOW + timedelta(days=day)
    save_targets(engine, TARGETS)
    targets = list_targets(engine)
    night_id = open_night(engine, now, targets)
    queue = SqlFrontier(engine)
    queue.seed(night_id, [(targets[0].id, url) for url in bodies], now)
    ids = {}
    for row in queue.claim(night_id, [target.id for target in targets], "w1", len(bodies), now, 60.0):
        ids[row.url] = row.id
        body, times = bodies[row.url], dict[str, Any](started_at=now, ended_at=now)
        match body:
            case "":
                store.record(failed_visit(row, Outcome.HTTP_GONE, **times))
            case int():
                store.record(visit(row, page=None, judgement=None, same_as=body, **times))
            case str():
                read = replace(page(row.url, MENU + body + FOOT), body_start=len(MENU), body_end=len(MENU) + len(body))
                store.record(visit(row, page=read, judgement=replace(judgement(False), findings=()), **times))
    finish_night(engine, night_id, now + timedelta(hours=1))
    return ids


def when(day: int) -> datetime:
    return NOW + timedelta(days=day)
