"""Why a browser showed a page and what was done to it is kept with the visit and stated with the evidence."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, select

from domain.site_trials import ActionKind, PageAction
from storage.crawl.whereabouts import whereabouts
from storage.tables import bundles, visits
from tests.storage.crawl import claim, open_sample_night, open_store
from tests.storage.samples import NOW, visit

UNFOLDED = PageAction(ActionKind.UNFOLD, NOW, "展开全文", 320)


def test_what_was_done_to_a_page_is_in_the_ledger_and_in_the_evidence(engine: Engine, tmp_path: Path) -> None:
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, tmp_path)
    [row, *_] = claim(engine, night_id, ids)
    lead = visit(row, flagged=True)
    assert lead.rendering is not None
    store.record(replace(lead, rendering=replace(lead.rendering, why="页面要靠脚本显示", actions=(UNFOLDED,))))
    store.close()
    with engine.connect() as connection:
        shown = connection.scalar(select(visits.c.shown))
        path = connection.scalar(select(bundles.c.path))
    assert shown is not None and shown["why"] == "页面要靠脚本显示"
    assert [(item["kind"], item["words"], item["added_characters"]) for item in shown["actions"]] == [
        ("unfold", "展开全文", 320)
    ]
    found = whereabouts(engine, row.url, night_id)
    assert (found.why_shown, found.actions) == ("页面要靠脚本显示", (UNFOLDED,))
    assert path is not None
    with zipfile.ZipFile(io.BytesIO((tmp_path / path).read_bytes())) as packed:
        [name] = [name for name in packed.namelist() if name.endswith("provenance.json")]
        browser = json.loads(packed.read(name))["browser"]
    assert browser["why"] == "页面要靠脚本显示"
    assert browser["actions"][0]["words"] == "展开全文"
    assert browser["actions"][0]["at"]["beijing"].endswith("+08:00")


def test_a_page_read_as_sent_was_shown_by_nobody(engine: Engine, tmp_path: Path) -> None:
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, tmp_path)
    [row, *_] = claim(engine, night_id, ids)
    store.record(visit(row))
    store.close()
    with engine.connect() as connection:
        assert connection.execute(select(visits.c.shown)).scalars().all() == [None]
