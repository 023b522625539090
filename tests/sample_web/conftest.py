"""One running sample web a module, and a plain client."""

from collections.abc import Iterator

import pytest
from sample_client import Client

from examples.web.server import SampleWeb


@pytest.fixture(scope="module")
def web() -> Iterator[SampleWeb]:
    with SampleWeb() as running:
        yield running


@pytest.fixture(scope="module")
def client(web: SampleWeb) -> Client:
    return Client(web)
