"""`yiguang scan --jsonl` on input of every kind, through the command line."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

from tests.e2e.command_line import Run

LINES = 20_000
HOSTILE = {
    3: b"",
    5: b'{"id": "broken", "text": ',
    7: b'{"id": "wrong type", "text": 5}',
    9: b'["no object"]',
    11: b'{"id": "not utf-8", "text": "\xff\xfe"}',
    13: b'{"text": "no id"}',
}
HARMLESS = {
    15: b'{"id": "surrogate", "text": "\\ud800\xe6\xb2\xbb\xe6\x84\x88\xe7\x8e\x87\\udfff"}',
    17: b'{"id": "nul", "text": "a\\u0000b"}',
    19: b'{"id": "empty", "text": ""}',
    21: json.dumps({"id": "long", "text": "本院治愈率98%。" * 250_000}, ensure_ascii=False).encode(),
}


def test_twenty_thousand_lines_are_answered_in_order(yiguang: Run) -> None:
    lines = [
        json.dumps({"id": f"n{number}", "text": f"第{number}天：门诊时间调整。"}).encode() for number in range(LINES)
    ]
    for number, line in {**HOSTILE, **HARMLESS}.items():
        lines[number] = line
    assert len(lines[21]) > 5_000_000
    done = yiguang("scan", "--jsonl", "-", stdin=b"\n".join(lines) + b"\n")
    answers = [json.loads(line) for line in done.stdout.split(b"\n")[:-1]]
    assert len(answers) == LINES
    assert done.returncode == 1
    assert f"{len(HOSTILE)} 条" in done.stderr.decode()
    for number, answer in enumerate(answers):
        assert ("error" in answer) == (number in HOSTILE), answer
        if number not in HOSTILE and number not in HARMLESS:
            assert answer["id"] == f"n{number}"
    assert answers[5]["id"] is None
    assert answers[7]["id"] == "wrong type"
    assert answers[11]["id"] == "not utf-8"
    assert [answers[number]["id"] for number in HARMLESS] == ["surrogate", "nul", "empty", "long"]


def test_offsets_point_at_the_quote(yiguang: Run) -> None:
    text = "云埠安康堂：祖传秘方，治愈率达98%，无效退款！预约电话 000-00001234，微信 demo_yy01。"
    done = yiguang("scan", "--jsonl", "-", stdin=json.dumps({"id": "a", "text": text}).encode())
    answer = json.loads(done.stdout)
    assert done.returncode == 0
    assert answer["findings"]
    assert all(text[finding["start"] : finding["end"]] == finding["quote"] for finding in answer["findings"])


def test_a_page_is_extracted_and_its_text_given(yiguang: Run, tmp_path: Path) -> None:
    page = "<html><title>秘方</title><body><p>祖传秘方，<b>治愈率</b>达98%，电话 000-00001234</p></body></html>"
    line = json.dumps({"id": "a", "html": page, "url": "http://www.jia.example/"}).encode()
    answer = json.loads(yiguang("scan", "--jsonl", "-", stdin=line).stdout)
    assert "治愈率达98%" in answer["text"]
    assert all(answer["text"][f["start"] : f["end"]] == f["quote"] for f in answer["findings"])
    file = tmp_path / "page.html"
    file.write_bytes(page.replace("<html>", '<html><meta charset="gbk">').encode("gbk"))
    from_file = json.loads(yiguang("scan", "--html", file).stdout)
    assert from_file["id"] == str(file)
    assert from_file["text"] == answer["text"]


def test_texts_are_read_in_either_encoding(yiguang: Run, tmp_path: Path) -> None:
    text = "本院祖传秘方，治愈率达98%。"
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    one.write_bytes(text.encode("utf-8-sig"))
    two.write_bytes(text.encode("gb18030"))
    answers = [json.loads(line) for line in yiguang("scan", one, two).stdout.splitlines()]
    assert answers[0]["findings"] == answers[1]["findings"] != []


def test_memory_stays_flat(tmp_path: Path) -> None:
    """Ten times the lines, the same memory within a quarter."""
    peaks = []
    for count in (2_000, 20_000):
        file = tmp_path / f"{count}.jsonl"
        file.write_bytes(b'{"id": "a", "text": "\xe9\x97\xa8\xe8\xaf\x8a"}\n' * count)
        peaks.append(_peak_kilobytes(file))
    assert peaks[1] < peaks[0] * 1.25


def _peak_kilobytes(file: Path) -> int:
    with file.open("rb") as source, Path(os.devnull).open("wb") as sink:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("yiguang"), "scan", "--jsonl", "-"], stdin=source, stdout=sink
        )
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert isinstance(usage, resource.struct_rusage)
    return usage.ru_maxrss


def test_a_reader_that_leaves_early_is_no_crash(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_bytes(b'{"id": "a", "text": "x"}\n' * 5_000)
    scan = subprocess.Popen(
        [Path(sys.executable).with_name("yiguang"), "scan", "--jsonl", file],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert scan.stdout is not None
    assert scan.stderr is not None
    scan.stdout.readline()
    scan.stdout.close()
    assert b"Traceback" not in scan.stderr.read()
    assert scan.wait() == 1
