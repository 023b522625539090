from pathlib import Path

import pytest

from crawler.wordings import Wordings, load_wordings


@pytest.fixture(scope="session")
def wordings() -> Wordings:
    return load_wordings(Path(__file__).parents[2] / "lexicons" / "web")
