"""A token of SoftHSM 2 in a folder of its own: a real PKCS#11 module, kept in files."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
TOKEN, PIN = "ardoise", "271828"


@dataclass(frozen=True, slots=True)
class SoftHsm:
    """One token."""

    configuration: Path

    @property
    def tokens(self) -> Path:
        """The folder that the token's objects are in."""
        return self.configuration.parent / "tokens"


def make_token(folder: Path) -> SoftHsm:
    """Make an empty token; this process's module reads it from then on (it reads its configuration once)."""
    folder.mkdir(parents=True, exist_ok=True)
    hsm = SoftHsm(folder / "softhsm2.conf")
    hsm.tokens.mkdir()
    hsm.configuration.write_text(
        f"directories.tokendir = {hsm.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    os.environ["SOFTHSM2_CONF"] = str(hsm.configuration)
    words = ["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--pin", PIN, "--so-pin", "314159"]
    subprocess.run(words, check=True, capture_output=True)
    return hsm
