"""A reader of pictures whose database is away says so once."""

import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from storage.database import open_engine
from yiguang.nights.serving_pictures import serving_pictures
from yiguang.settings import read_settings


def test_a_database_that_is_away_is_told_once(tmp_path: Path) -> None:
    engine = open_engine("postgresql://nobody@127.0.0.1:1/none")
    settings = read_settings({"YIGUANG_HOME": str(tmp_path), "YIGUANG_CAN": "read"})
    with (
        capture_logs() as told,
        suppress(OperationalError),  # leaving asks the database as well
        serving_pictures(engine, "reader", settings),
    ):
        time.sleep(3)  # three or four tries, each of which is refused at once
    assert [line["event"] for line in told] == ["pictures: the database cannot be asked"]
