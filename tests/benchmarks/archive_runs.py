"""One pass over an archive, in a process of its own: what bench_archive measures.

`python -m tests.benchmarks.archive_runs FOLDER backtest|matches|engine` prints one JSON object: articles, matched, CPU
and wall seconds after the imports, and the peak of resident memory. `backtest`: all that the command does but printing.
`matches`: of that, finding what matches, without counts and forecast. `engine`: the same by the rule engine on every
article of the same files.
"""

import json
import os
import resource
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import duckdb  # noqa: F401  # here, for it is measured what comes after the imports

from include.wirewatch.cli.backtest_json import as_json
from include.wirewatch.config.files import ConfigFiles
from include.wirewatch.match import load_rules
from include.wirewatch.retro.backtest import Backtest
from include.wirewatch.retro.files import local_copy
from include.wirewatch.retro.forecast import Forecast
from include.wirewatch.retro.scan import Scan
from include.wirewatch.settings import DEFAULT_CONFIG, S3Place
from include.wirewatch.store import Store


def main(folder: Path, kind: str) -> dict[str, Any]:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    config = ConfigFiles(DEFAULT_CONFIG, lambda place: Store(None, S3Place(*place)))
    days = sorted(date.fromisoformat(path.stem.removeprefix("dt=")) for path in (folder / "manifest").iterdir())
    started, wall = time.process_time(), time.perf_counter()
    rules = load_rules(config.rules())
    scan = Scan(local_copy(folder), [rules], push_down=kind != "engine")
    matched = (backtest if kind == "backtest" else matches)(scan, config, days)
    return {
        "articles": scan.articles,
        "judged": scan.judged,
        "matched": matched,
        "cpu_s": time.process_time() - started,
        "wall_s": time.perf_counter() - wall,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def backtest(scan: Scan, config: ConfigFiles, days: list[date]) -> int:
    receivers = config.receivers().value
    result = Backtest([load_rules(config.rules())], lambda: Forecast(receivers, {}))
    for day in days:
        for matched in scan.of_day(day):
            result.add(matched)
        result.end(day)
    return int(as_json(result, scan, days, [])["matched"])


def matches(scan: Scan, config: ConfigFiles, days: list[date]) -> int:
    return sum(1 for day in days for _ in scan.of_day(day))


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2])))
