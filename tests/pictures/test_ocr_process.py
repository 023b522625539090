"""The reading process: bounded, killed when it hangs, started anew, never waited for beyond its budget."""

import asyncio
import io
import os
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from crawler.pictures.ocr import OcrAnswer, OcrLimits, PictureOcr
from crawler.pictures.ocr_engine import Undecodable, decode
from domain.pictures import PictureFate, PictureReading
from examples.web.sites import SITES

CLAIMS = (SITES / "www.songhe-kangfu.example" / "zhuanlan.jpg").read_bytes()
LIMITS = OcrLimits(budget_seconds=120.0, picture_seconds=60.0, memory_bytes=3_000_000_000)

#: Speaks the protocol; a picture of `hang` is never answered, one of `slow` late, one of `die` ends it, others are read as themselves.
FAKE = """
import json, os, sys, time
def send(body):
    sys.stdout.buffer.write(len(body).to_bytes(4) + body); sys.stdout.buffer.flush()
send(b"")
while head := sys.stdin.buffer.read(4):
    body = sys.stdin.buffer.read(int.from_bytes(head))[1:]
    if body == b"hang": time.sleep(600)
    if body == b"slow": time.sleep(1)
    if body == b"die": os._exit(9)
    send(json.dumps({"damaged": f"{body.decode()} {os.getpid()}"}).encode())
"""


def fake(tmp_path: Path, limits: OcrLimits) -> PictureOcr:
    script = tmp_path / "reader.py"
    script.write_text(FAKE, encoding="utf-8")
    return PictureOcr(limits, command=(sys.executable, str(script)))


def ask(ocr: PictureOcr, *bodies: bytes) -> list[OcrAnswer]:
    async def all_of_them() -> list[OcrAnswer]:
        try:
            return [await ocr.read(body, 1.0) for body in bodies]
        finally:
            await ocr.close()

    return asyncio.run(all_of_them())


def png_of(width: int, height: int) -> bytes:
    """A picture whose header promises more than is behind it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def saved(picture: Image.Image, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


def read(answer: OcrAnswer) -> PictureReading:
    assert answer.fate is PictureFate.READ, answer
    assert answer.reading is not None
    return answer.reading


def test_real_reader_reads_words_and_codes_and_refuses_what_is_none() -> None:
    code = zxingcpp.create_barcode("https://u.wechat.com/demo_abc", zxingcpp.BarcodeFormat.QRCode)
    friend = Image.fromarray(np.array(code.to_image(scale=6), dtype=np.uint8))
    small = friend.convert("RGB").resize((120, 120), Image.Resampling.LANCZOS)
    long = Image.new("RGB", (720, 4200), "white")
    long.paste(Image.open(io.BytesIO(CLAIMS)), (0, 3100))
    glass = Image.open(SITES / "www.songhe-kangfu.example" / "menzhen.png").convert("RGBA")
    glass.putalpha(Image.eval(glass.convert("L"), lambda shade: 255 - shade))  # the white becomes transparent
    claims, avif, qr, little, tall, clear, bomb, large, junk, icon, button = ask(
        PictureOcr(LIMITS), CLAIMS, saved(Image.open(io.BytesIO(CLAIMS)), "AVIF"), saved(friend), saved(small, "JPEG"), saved(long), saved(glass), png_of(60_000, 60_000), png_of(8_000, 8_000), b"<html>" * 99,
        saved(Image.new("RGB", (32, 32))), saved(Image.new("RGB", (120, 120))),
    )  # fmt: skip
    words = [line.text for line in read(claims).lines]
    assert words[1] == "一次治愈"
    assert "有效率高达99.2%" in "".join(words)
    assert (read(claims).width, read(claims).height) == (720, 960)
    assert "一次治愈" in [line.text for line in read(avif).lines]
    [left_top, _, right_bottom, _] = read(claims).lines[1].box
    assert 0 < left_top[0] < right_bottom[0] < 720
    assert [code.payload for code in read(qr).codes] == ["https://u.wechat.com/demo_abc"]
    assert [code.payload for code in read(little).codes] == ["https://u.wechat.com/demo_abc"]
    assert (read(little).width, read(little).lines) == (120, ())
    found = {line.text: line.box for line in read(tall).lines}
    assert found["一次治愈"][0][1] > 3100
    assert "本月门诊安排" in [line.text for line in read(clear).lines]
    assert large.detail == "像素过多（8000 × 8000）"
    assert (bomb.fate, junk.fate) == (PictureFate.DAMAGED, PictureFate.DAMAGED)
    assert (icon.fate, button.fate) == (PictureFate.SMALL, PictureFate.SMALL)
    assert bomb.detail == "像素过多"


def test_a_damaged_picture_of_any_kind_is_called_so() -> None:
    poster = Image.linear_gradient("L").convert("RGB")
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "AVIF"):
        whole = saved(poster, kind)
        assert decode(whole).size == (256, 256)
        with pytest.raises(Undecodable):
            decode(whole[: len(whole) // 8])
    picture = saved(poster, "AVIF")
    with pytest.raises(Undecodable):
        decode(picture[:-200] + bytes(200))


def test_a_process_out_of_memory_is_a_fate_not_an_end() -> None:
    tight = OcrLimits(budget_seconds=120.0, picture_seconds=60.0, memory_bytes=150_000_000)
    assert [answer.fate for answer in ask(PictureOcr(tight), CLAIMS)] == [PictureFate.STUCK]


def test_a_hanging_or_dying_process_is_replaced(tmp_path: Path) -> None:
    ocr = fake(tmp_path, OcrLimits(budget_seconds=60.0, picture_seconds=0.5, memory_bytes=0))
    first, again, hung, after, died, last = ask(ocr, b"a", b"b", b"hang", b"c", b"die", b"d")
    assert first.detail.split()[1] == again.detail.split()[1]
    assert (hung.fate, hung.detail) == (PictureFate.STUCK, "识别超时")
    assert (died.fate, died.detail) == (PictureFate.STUCK, "识别进程中断")
    processes = [int(answer.detail.split()[1]) for answer in (first, after, last)]
    assert len(set(processes)) == 3
    assert not any(Path(f"/proc/{process}/cmdline").exists() for process in processes)


def test_only_an_idle_process_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.pictures.ocr._IDLE_SECONDS", 0.6)
    ocr = fake(tmp_path, OcrLimits(budget_seconds=60.0, picture_seconds=30.0, memory_bytes=0))

    async def one_after_another() -> list[OcrAnswer]:
        answers = [await ocr.read(body, 1.0) for body in (b"a", b"slow")]
        await asyncio.sleep(1.5)
        try:
            return [*answers, await ocr.read(b"b", 1.0)]
        finally:
            await ocr.close()

    first, slow, last = (answer.detail.split() for answer in asyncio.run(one_after_another()))
    assert slow == ["slow", first[1]], "it was working when the time of the idle was over"
    assert last[1] != first[1], "and idle for longer after that"


def test_a_process_is_ended_though_pictures_come_after_the_budget_is_spent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.pictures.ocr._IDLE_SECONDS", 0.3)
    ocr = fake(tmp_path, OcrLimits(budget_seconds=0.5, picture_seconds=30.0, memory_bytes=0))

    async def beyond_the_budget() -> tuple[PictureFate, bool]:
        try:
            process = int((await ocr.read(b"slow", 1.0)).detail.split()[1])
            cmdline = Path(f"/proc/{process}/cmdline")
            fate = (await ocr.read(b"a", 1.0)).fate
            await asyncio.sleep(1.0)
            # a process that was killed and not waited for yet has no command line any more
            return fate, bool(cmdline.exists() and cmdline.read_bytes())
        finally:
            await ocr.close()

    assert asyncio.run(beyond_the_budget()) == (PictureFate.BUDGET, False)


def test_pictures_that_kill_the_process_keep_no_other_from_being_read(tmp_path: Path) -> None:
    ocr = fake(tmp_path, OcrLimits(budget_seconds=60.0, picture_seconds=5.0, memory_bytes=0))
    answers = ask(ocr, *[b"die"] * 5, b"a")
    assert [answer.fate for answer in answers] == [PictureFate.STUCK] * 5 + [PictureFate.DAMAGED]
    assert answers[-1].detail.startswith("a ")


def test_a_process_that_never_starts_is_given_up() -> None:
    limits = OcrLimits(budget_seconds=60.0, picture_seconds=5.0, memory_bytes=0)
    answers = ask(PictureOcr(limits, command=(sys.executable, "-c", "raise SystemExit(1)")), *[b"a"] * 4)
    assert [answer.fate for answer in answers] == [PictureFate.STUCK] * 4
    assert answers[2].detail == "识别进程中断"
    assert answers[3].detail == "识别进程多次未能启动，本次不再识别"


def test_a_spent_budget_starts_no_process(tmp_path: Path) -> None:
    limits = OcrLimits(budget_seconds=10.0, picture_seconds=5.0, memory_bytes=0)
    ocr = PictureOcr(limits, spent_seconds=10.0, command=(str(tmp_path / "no-such-program"),))
    assert [answer.fate for answer in ask(ocr, b"a")] == [PictureFate.BUDGET]
    assert PictureOcr(limits, spent_seconds=5.0).has_time()
    assert not PictureOcr(limits, spent_seconds=5.0).has_time(0.5)


def test_of_those_that_wait_the_most_suspicious_comes_first(tmp_path: Path) -> None:
    ocr = fake(tmp_path, OcrLimits(budget_seconds=60.0, picture_seconds=5.0, memory_bytes=0))
    done: list[str] = []

    async def one(name: str, suspicion: float) -> None:
        await ocr.read(name.encode(), suspicion)
        done.append(name)

    async def together() -> None:
        tasks = [
            asyncio.create_task(one(name, rank)) for name, rank in (("a", 0.1), ("b", 0.2), ("c", 3.9), ("d", 2.5))
        ]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await ocr.close()

    asyncio.run(together())
    assert done == ["a", "c", "d"]  # `a` had begun before the others came, `b` went away


def test_a_cancelled_question_leaves_no_answer_for_the_next(tmp_path: Path) -> None:
    ocr = fake(tmp_path, OcrLimits(budget_seconds=60.0, picture_seconds=60.0, memory_bytes=0))

    async def cancel_one() -> OcrAnswer:
        waiting = asyncio.create_task(ocr.read(b"hang", 1.0))
        await asyncio.sleep(0.3)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        try:
            return await ocr.read(b"next", 1.0)
        finally:
            await ocr.close()

    answer = asyncio.run(cancel_one())
    assert answer.detail.startswith("next ")
    assert int(answer.detail.split()[1]) != os.getpid()
