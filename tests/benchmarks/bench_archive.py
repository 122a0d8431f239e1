"""A backtest of the shipped rules, three in five languages, beside the rule engine on every article of the archive.

`python -m tests.benchmarks.bench_archive [ARTICLES [FOLDER]]`: 20,000 articles unless it says otherwise, made anew
unless FOLDER holds them. All read the same compacted files on one core, a process each, by turns of a second until the
engine is through; by then the backtest has made some eight passes. CPU seconds after the imports, means.
"""

import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.archive_maker import make_archive
from tests.benchmarks.turns import by_turns

ARTICLES = 20_000
KINDS = ("backtest", "matches", "engine")
RATIO, PEAK_MB, MILLION_S = 10, 500, 60


def main(articles: int, folder: Path | None) -> None:
    with tempfile.TemporaryDirectory() as made:
        if folder is None:
            folder = Path(made)
            make_archive(folder, articles)
        passes = by_turns([command(folder, kind) for kind in KINDS])
        days = sum(1 for _ in (folder / "manifest").iterdir())
    report({kind: [json.loads(line) for line in lines] for kind, lines in zip(KINDS, passes, strict=True)}, days)


def command(folder: Path, kind: str) -> list[str]:
    return [sys.executable, "-m", "tests.benchmarks.archive_runs", str(folder), kind]


def report(runs: dict[str, list[dict[str, Any]]], days: int) -> None:
    ours, theirs = runs["backtest"][0], runs["engine"][0]
    assert ours["matched"] == theirs["matched"], f"they differ: {ours}, {theirs}"
    cpu = {kind: statistics.fmean(one["cpu_s"] for one in found) for kind, found in runs.items()}
    peak = max(one["peak_mb"] for one in runs["backtest"])
    count = ours["articles"]
    print(f"{count:,} articles of {days} days; {ours['judged']:,} may match, {ours['matched']:,} do")
    print(f"{'':10} {'passes':>8} {'CPU s':>8} {'articles/s':>12} {'peak MB':>8}")
    for kind, found in runs.items():
        most = max(one["peak_mb"] for one in found)
        print(f"{kind:10} {len(found):8} {cpu[kind]:8.2f} {count / cpu[kind]:12,.0f} {most:8.0f}")
    print("\ntarget")
    print(f"{f'≥ {RATIO} × the engine on every article':44} {cpu['engine'] / cpu['backtest']:8.1f}")
    print(f"{'finding the matches alone':44} {cpu['engine'] / cpu['matches']:8.1f}")
    print(f"{f'peak memory ≤ {PEAK_MB} MB':44} {peak:8.0f}")
    print(f"{f'a million articles < {MILLION_S} s on one core':44} {1_000_000 / count * cpu['backtest']:8.1f}")


if __name__ == "__main__":
    numbers, folders = sys.argv[1:2], sys.argv[2:3]
    main(int(numbers[0]) if numbers else ARTICLES, Path(folders[0]) if folders else None)
