"""A backtest of the shipped rules, three in five languages, beside the rule engine on every article of the archive.

`python -m tests.benchmarks.bench_archive [ARTICLES [FOLDER]]`: 20,000 articles unless it says otherwise, made anew
unless FOLDER holds them. Both read the same compacted files on one core, a process each, alternating; CPU seconds after
the imports, medians.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.archive_maker import make_archive

ARTICLES = 20_000
ROUNDS = 3
RATIO, PEAK_MB, MILLION_S = 10, 500, 60


def main(articles: int, folder: Path | None, rounds: int = ROUNDS) -> None:
    with tempfile.TemporaryDirectory() as made:
        if folder is None:
            folder = Path(made)
            make_archive(folder, articles)
        runs: dict[str, list[dict[str, Any]]] = {"backtest": [], "matches": [], "engine": []}
        for _ in range(rounds):
            for kind, found in runs.items():
                found.append(measured(folder, kind))
        days = sum(1 for _ in (folder / "manifest").iterdir())
    report(runs, days)


def report(runs: dict[str, list[dict[str, Any]]], days: int) -> None:
    ours, theirs = runs["backtest"][0], runs["engine"][0]
    assert ours["matched"] == theirs["matched"], f"they differ: {ours}, {theirs}"
    cpu = {kind: statistics.median(one["cpu_s"] for one in found) for kind, found in runs.items()}
    peak = max(one["peak_mb"] for one in runs["backtest"])
    count = ours["articles"]
    print(f"{count:,} articles of {days} days; {ours['judged']:,} may match, {ours['matched']:,} do")
    print(f"{'':10} {'CPU s':>8} {'articles/s':>12} {'peak MB':>8}")
    for kind, found in runs.items():
        print(f"{kind:10} {cpu[kind]:8.2f} {count / cpu[kind]:12,.0f} {max(one['peak_mb'] for one in found):8.0f}")
    print("\ntarget")
    print(f"{f'≥ {RATIO} × the engine on every article':44} {cpu['engine'] / cpu['backtest']:8.1f}")
    print(f"{'finding the matches alone':44} {cpu['engine'] / cpu['matches']:8.1f}")
    print(f"{f'peak memory ≤ {PEAK_MB} MB':44} {peak:8.0f}")
    print(f"{f'a million articles < {MILLION_S} s on one core':44} {1_000_000 / count * cpu['backtest']:8.1f}")


def measured(folder: Path, kind: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.archive_runs", str(folder), kind]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    numbers, folders = sys.argv[1:2], sys.argv[2:3]
    main(int(numbers[0]) if numbers else ARTICLES, Path(folders[0]) if folders else None)
