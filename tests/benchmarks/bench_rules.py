"""Rules: documents a second at 10, 1,000 and 10,000 rules beside what one would use instead, and beside extraction.

Ours: RuleSet.match, one document at a time. FTS5 and tantivy: micro-batches, in which the texts are indexed in memory
and every query is run on the batch. Regex: one pattern a rule, on each document. Extraction: plain
trafilatura.bare_extraction with metadata of all the pages whose gold texts are matched.

Every figure is CPU time of a process of its own, the engines one after the other, round by round; medians. "first" is
a process's first pass over the articles: ours learns their words on it, and an Airflow task begins there. "again" are
the passes after it, on the same articles: what a long backfill comes near. FTS5 and tantivy build their index anew on
every pass.
"""

import json
import statistics
import subprocess
import sys
from collections import defaultdict
from typing import Any

from tests.benchmarks.corpus import pages
from tests.benchmarks.rule_engines import REGEX_TEXTS, is_installed

ROUNDS = 5
SIZES = (10, 1_000, 10_000)
ENGINES = ("ours", "fts5", "regex", "tantivy")
REGEX_MOST = 1_000  # rules
Run = tuple[str, int]  # engine and number of rules


def main() -> None:
    runs = [(engine, size) for size in SIZES for engine in ENGINES if is_installed(engine)]
    runs = [("extraction", 0), *(run for run in runs if run[0] != "regex" or run[1] <= REGEX_MOST)]
    found: dict[Run, list[dict[str, Any]]] = defaultdict(list)
    for _ in range(ROUNDS):
        for run in runs:
            found[run].append(measured(run))
    first = {run: statistics.median(one["first"] for one in rounds) for run, rounds in found.items()}
    again = {run: statistics.median(spent for one in rounds for spent in one["again"]) for run, rounds in found.items()}
    page_s = first["extraction", 0]
    print(f"{len(pages())} articles; plain extraction {1000 * page_s:.1f} ms each; {ROUNDS} rounds")
    print(f"{'':20} {'---- again ----':>24} {'---- first pass ----':>24} {'again, of':>11} {'first, of':>10}")
    print(
        f"{'rules':>6} {'engine':>9} {'docs/s':>12} {'ours = 1':>11} {'docs/s':>12} {'ours = 1':>11} "
        f"{'extraction':>11} {'extraction':>10} {'matches':>8}"
    )
    for engine, size in runs[1:]:
        run, own = (engine, size), ("ours", size)
        matches = f"{found[run][0]['matches']}" + f" of {REGEX_TEXTS} texts" * (engine == "regex")
        print(
            f"{size:6} {engine:>9} {1 / again[run]:12.0f} {again[own] / again[run]:11.2f} {1 / first[run]:12.0f} "
            f"{first[own] / first[run]:11.2f} {again[run] / page_s:11.1%} {first[run] / page_s:10.1%} {matches:>8}"
        )
    loads(found)
    print("\ntarget                                    again  first pass")
    for size, most in ((1_000, 0.03), (10_000, 0.06)):
        shares = [spent["ours", size] / page_s for spent in (again, first)]
        print(f"{f'{size} rules: ≤ {most:.0%} of extraction':36}" + "".join(f"{share:11.1%}" for share in shares))
    ratios = [spent["fts5", 10_000] / spent["ours", 10_000] for spent in (again, first)]
    print(f"{'10000 rules: ≥ 2 × FTS5':36}" + "".join(f"{ratio:11.2f}" for ratio in ratios))


def loads(found: dict[Run, list[dict[str, Any]]]) -> None:
    """From the text of rules.yaml to rules that match, CPU seconds; nothing is kept between processes."""
    print()
    for size in SIZES:
        yaml_s, compile_s, again_s = (
            statistics.median(one[part] for one in found["ours", size]) for part in ("yaml", "compile", "load_again")
        )
        print(
            f"{size:6} rules loaded in {yaml_s + compile_s:.2f} s (YAML {yaml_s:.2f}, compiling {compile_s:.2f}; "
            f"target 1 s); the same text again in the process: {again_s:.4f} s"
        )


def measured(run: Run) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.rule_engines", run[0], str(run[1])]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    main()
