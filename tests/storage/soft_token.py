"""A PKCS#11 token in software (SoftHSM), of this test run's own."""

import atexit
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

LABEL, PIN = "yiguang-test", "1234"
_MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


@dataclass(frozen=True)
class Token:
    """`module` is the driver, `pin_file` holds the PIN."""

    module: Path
    pin_file: Path

    def place(self, key: str, token: str = LABEL) -> str:
        """Where a key is, in the form of RFC 7512."""
        return (
            f"pkcs11:token={quote(token)};object={quote(key)}?module-path={self.module}&pin-source=file:{self.pin_file}"
        )


@cache
def soft_token() -> Token:
    """One for the whole process, since its driver reads its settings once. Gone with the process."""
    folder = Path(tempfile.mkdtemp(prefix="yiguang-token-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "tokens").mkdir()
    config = folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(config)  # for the driver here and in the processes that tests start
    command = ["softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "5678"]
    subprocess.run(command, check=True, capture_output=True)
    pin_file = folder / "pin"
    pin_file.touch(0o600)
    pin_file.write_text(f"{PIN}\n")
    return Token(next(path for path in map(Path, _MODULES) if path.exists()), pin_file)
