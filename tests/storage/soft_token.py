"""A PKCS#11 token in software (SoftHSM), of this test run's own."""

import os
import subprocess
from dataclasses import dataclass
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


def soft_token(folder: Path) -> Token:
    """Made in `folder`. The driver reads its settings once in a process, so all tests of one process share the first folder."""
    config = folder / "softhsm2.conf"
    if "SOFTHSM2_CONF" not in os.environ:
        (folder / "tokens").mkdir()
        config.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(config)
        command = ["softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "5678"]
        subprocess.run(command, check=True, capture_output=True)
    pin_file = folder / "pin"
    pin_file.touch(0o600)
    pin_file.write_text(f"{PIN}\n")
    return Token(next(path for path in map(Path, _MODULES) if path.exists()), pin_file)
