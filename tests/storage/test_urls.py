"""The form of a URL under which it is visited once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.urls import canonical_url


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://Clinic.Example", "http://clinic.example/"),
        ("http://clinic.example:80/a#top", "http://clinic.example/a"),
        ("https://clinic.example:443/a", "https://clinic.example/a"),
        ("https://clinic.example:8443/a", "https://clinic.example:8443/a"),
        ("http://clinic.example/%7ea%e5%8c%bb", "http://clinic.example/~a%E5%8C%BB"),
        ("http://clinic.example/医?科=眼 科", "http://clinic.example/%E5%8C%BB?%E7%A7%91=%E7%9C%BC%20%E7%A7%91"),
        ("http://clinic.example/?b=2&a=1", "http://clinic.example/?b=2&a=1"),
        ("http://clinic.example/#/news/1", "http://clinic.example/#/news/1"),
        ("http://医院.example/", "http://xn--ekrs67m.example/"),
        ("http://[2001:db8::1]:8080/a", "http://[2001:db8::1]:8080/a"),
        ("http://clinic.example:port/", "http://clinic.example:port/"),
    ],
)
def test_equal_places_get_equal_urls(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


@given(st.text(max_size=60))
def test_canonical_form_is_stable(path: str) -> None:
    once = canonical_url("http://clinic.example/" + path)
    assert canonical_url(once) == once
