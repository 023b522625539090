"""Model files that are broken are named; nobody gets a traceback, and nothing is unpickled."""

import pickle
import shutil
from pathlib import Path

import pytest

from classifier.errors import LexiconError
from classifier.model import load_model
from classifier.sentence_model import load_sentence_model

LEXICONS = Path(__file__).parents[2] / "lexicons"
WHOLE = (LEXICONS / "model.npz").read_bytes()
BROKEN = {
    "empty": b"",
    "cut off": WHOLE[: len(WHOLE) // 2],
    "damaged": WHOLE[:20_000] + b"\0" * 200 + WHOLE[20_200:],
    "a pointer to large files": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
    "a pickle": pickle.dumps({"names": []}),
    "another archive": (LEXICONS / "sentences.npz").read_bytes(),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("model.npz", "model.json", "sentences.npz"):
        shutil.copyfile(LEXICONS / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_model_is_named(folder: Path, content: bytes) -> None:
    (folder / "model.npz").write_bytes(content)
    with pytest.raises(LexiconError) as caught:
        load_model(folder, ())
    assert caught.value.path == folder / "model.npz"


@pytest.mark.parametrize("content", [*list(BROKEN.values())[:-1], WHOLE], ids=BROKEN)
def test_a_broken_sentence_model_is_named(folder: Path, content: bytes) -> None:
    (folder / "sentences.npz").write_bytes(content)
    with pytest.raises(LexiconError) as caught:
        load_sentence_model(folder)
    assert caught.value.path == folder / "sentences.npz"


@pytest.mark.parametrize(("content", "line"), [(b'{"date":\n', 2), (b"[]", 0), (b"\xff\xff{}", 0)])
def test_a_broken_card_is_named(folder: Path, content: bytes, line: int) -> None:
    (folder / "model.json").write_bytes(content)
    with pytest.raises(LexiconError) as caught:
        load_model(folder, ())
    assert (caught.value.path, caught.value.line) == (folder / "model.json", line)
