"""What a recipient has is made once: nothing in these tests writes to it."""

import pytest
from hypothesis import settings

from tests.verifier.handing_over import HandOver, hand_out, make_night

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def hand_over(tmp_path_factory: pytest.TempPathFactory) -> HandOver:
    home, out = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("out")
    engine, authorities = make_night(home)
    try:
        return hand_out(engine, home, authorities, out)
    finally:
        engine.dispose()
