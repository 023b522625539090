"""`python -m crawler.pictures.ocr_worker MEMORY_BYTES`: reads pictures that come on standard input, answers on standard output.

Each question is four bytes of length (big endian), one byte (`L` how does it look, `R` what does it say, `M` its
marks as a logo) and the picture's
bytes; each answer four bytes of length around a JSON object. It ends with its input. An answer of no bytes comes first,
when the models are loaded.
"""

import json
import os
import resource
import sys
from dataclasses import asdict
from typing import Any, BinaryIO

LOOK, READ, MARKS = b"L", b"R", b"M"


def main() -> int:
    limit = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get among the answers
    from crawler.pictures.ocr_engine import PictureReader

    reader = PictureReader.load()
    _send(answers, b"")
    while (question := _receive(sys.stdin.buffer)) is not None:
        _send(answers, json.dumps(_answer(reader, question), ensure_ascii=False).encode())
    return 0


def _answer(reader: Any, question: bytes) -> dict[str, Any]:
    from crawler.pictures.logo_marks import marks_of
    from crawler.pictures.ocr_engine import LOGO_MIN_PIXELS, LOGO_MIN_SIDE, TooSmall, Undecodable, decode, look_of

    try:
        if question[:1] == LOOK:
            return {"look": look_of(decode(question[1:]))}
        if question[:1] == MARKS:
            return {"marks": marks_of(decode(question[1:], LOGO_MIN_SIDE, LOGO_MIN_PIXELS))}
        return {"reading": asdict(reader.read(question[1:]))}
    except TooSmall:
        return {"small": True}
    except Undecodable as fault:
        return {"damaged": str(fault)}
    except MemoryError:
        return {"damaged": "识别所需内存超过上限"}


def _receive(pipe: BinaryIO) -> bytes | None:
    head = pipe.read(4)
    return pipe.read(int.from_bytes(head)) if len(head) == 4 else None


def _send(pipe: BinaryIO, body: bytes) -> None:
    pipe.write(len(body).to_bytes(4) + body)
    pipe.flush()


if __name__ == "__main__":
    sys.exit(main())
