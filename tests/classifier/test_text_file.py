"""Files saved by other programs: GBK is told with its line, a byte order mark is no letter."""

from pathlib import Path

import pytest

from classifier.errors import LexiconError
from classifier.fold import Folder
from classifier.rule_files import load_terms
from classifier.text_file import read_text
from classifier.train import read_rows


def test_bytes_that_are_not_utf8_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "terms.txt"
    path.write_bytes("# notes\r\n甲\r\n".encode("gb18030"))
    for read in (read_text, lambda path: load_terms(path.parent)):
        with pytest.raises(LexiconError, match="not UTF-8") as caught:
            read(path)
        assert (caught.value.path, caught.value.line) == (path, 2)
    path.rename(tmp_path / "spellings.tsv")
    with pytest.raises(LexiconError, match="not UTF-8"):
        Folder.load(tmp_path)


def test_a_byte_order_mark_and_other_line_ends_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "terms.txt"
    path.write_bytes(b"\xef\xbb\xbf# notes\r\na\r\nb\n")
    assert load_terms(tmp_path) == {"terms": ("a", "b")}


@pytest.mark.parametrize("row", ['{"id": "a", "text": "甲",', "[1]"])
def test_a_row_of_a_corpus_that_is_none_is_told_with_its_line(tmp_path: Path, row: str) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text(f'{{"id": "a", "text": "甲", "label": 1}}\n{row}\n', encoding="utf-8")
    with pytest.raises(LexiconError) as caught:
        read_rows(path)
    assert (caught.value.path, caught.value.line) == (path, 2)
