"""`make chaos`: the long form. WORKERS and SEED may be given on the command line, in this order."""

import sys
import tempfile
from pathlib import Path

from tests.chaos.chaos import Plan, run


def main(arguments: list[str]) -> int:
    given = dict(zip(("workers", "seed"), map(int, arguments), strict=False))
    with tempfile.TemporaryDirectory() as folder:
        report = run(Plan(**given), Path(folder), tell=True)
    print(report)
    return 0 if report.is_clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
