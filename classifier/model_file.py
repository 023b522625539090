"""Arrays and cards of models as they lie on disk: never a pickle, and a file that is broken is named."""

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.errors import LexiconError


def read_arrays(path: Path, raw: bytes, names: Iterable[str]) -> Mapping[str, NDArray[Any]]:
    """The arrays `names` of an npz whose bytes are `raw`. Raises `LexiconError` naming `path` for one that is cut off, is
    something else, or lacks one of them."""
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in names}
    # an empty file is an EOFError, and what is no archive at all is taken for a pickle, a ValueError
    except (ValueError, TypeError, KeyError, IndexError, EOFError, OSError, zipfile.BadZipFile, zlib.error) as fault:
        raise LexiconError(path, "not a model, or a damaged one") from fault


def read_card(path: Path) -> Mapping[str, Any]:
    """Raises `LexiconError` for a file that is no JSON object."""
    try:
        card = json.loads(path.read_bytes())
    except json.JSONDecodeError as fault:
        raise LexiconError(path, "not a model card", fault.lineno) from fault
    except ValueError as fault:
        raise LexiconError(path, "not a model card") from fault
    if not isinstance(card, dict):
        raise LexiconError(path, "not a model card")
    return card
