"""Which addresses and URLs are refused, and what errors on the wire mean."""

import errno
import socket

import pytest

from crawler.addresses.guard import AddressRefused, UrlRefused, check_url, is_public
from crawler.fetching.download import failure_of
from domain.outcome import Outcome


@pytest.mark.parametrize("address", ["8.8.8.8", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1%eth0", "fc00::1", "ff0e::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "::127.0.0.1", "::10.0.0.1", "::ffff:0:127.0.0.1", "fec0::1", "64:ff9b:1::a00:1",
    ],
)  # fmt: skip
def test_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://a.example/",
        "javascript:1",
        "http://",
        "http://u:p@a.example/",
        "http://[::1/",
        "//a",
    ],
)
def test_urls_never_requested(url: str) -> None:
    with pytest.raises(UrlRefused):
        check_url(url, local=True)


def test_literals_follow_the_target() -> None:
    check_url("http://127.0.0.1:8000/", local=True)
    check_url("http://a.example/", local=False)
    with pytest.raises(AddressRefused, match="127.0.0.1"):
        check_url("http://127.0.0.1:8000/", local=False)


@pytest.mark.parametrize(
    ("error", "outcome", "again"),
    [
        (socket.gaierror(socket.EAI_NONAME, "no name"), Outcome.DNS_GONE, False),
        (socket.gaierror(socket.EAI_AGAIN, "try again"), Outcome.OUR_FAULT, True),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), Outcome.HTTP_ERROR, True),
        (ConnectionResetError(errno.ECONNRESET, "reset"), Outcome.HTTP_ERROR, True),
        (OSError(errno.ETIMEDOUT, "timed out"), Outcome.TIMEOUT, True),
        (OSError(errno.ENETUNREACH, "no route"), Outcome.OUR_FAULT, True),
        (OSError(errno.EMFILE, "too many files"), Outcome.OUR_FAULT, True),
        (AddressRefused("拒绝访问"), Outcome.OUT_OF_SCOPE, False),
    ],
)
def test_errors_on_the_wire(error: OSError, outcome: Outcome, again: bool) -> None:
    failure = failure_of(error)
    assert (failure.outcome, failure.again) == (outcome, again)
