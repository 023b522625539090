"""One running sample web a module, and a plain client."""

from collections.abc import Iterator

import pytest

from examples.web.server import SampleWeb
from tests.sample_web.sample_client import Client


@pytest.fixture(scope="module")
def web() -> Iterator[SampleWeb]:
    with SampleWeb() as running:
        yield running


@pytest.fixture(scope="module")
def client(web: SampleWeb) -> Client:
    return Client(web)
