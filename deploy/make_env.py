"""Write .env from .env.example, with a fresh secret for every empty value that has a `# generate:` line above it.

Never touches a .env that exists. Needs nothing but Python's own library.

    python3 deploy/make_env.py
"""

import base64
import os
import re
import secrets
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
GENERATORS = {
    "hex": lambda: secrets.token_hex(32),
    "fernet": lambda: base64.urlsafe_b64encode(os.urandom(32)).decode(),
}


def fill(example: str) -> str:
    """The example with its secrets generated; everything else as it was."""

    def generated(found: re.Match[str]) -> str:
        return found[0] + GENERATORS[found["kind"]]()

    return re.sub(r"^# generate: (?P<kind>\w+)\n\w+=$", generated, example, flags=re.MULTILINE)


def main(folder: Path = PROJECT) -> int:
    target = folder / ".env"
    try:
        # Readable by its owner alone from the first byte on.
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        print(f"{target} exists: left as it is", file=sys.stderr)
        return 1
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(fill((folder / ".env.example").read_text(encoding="utf-8")))
    print(f"wrote {target}; ADMIN_USER and ADMIN_PASSWORD there are the login")
    return 0


if __name__ == "__main__":
    sys.exit(main())
