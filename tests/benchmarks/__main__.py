"""`make bench`: every benchmark of this folder, one process each, one after the other."""

import subprocess
import sys
from pathlib import Path

for path in sorted(Path(__file__).parent.glob("bench_*.py")):
    print(f"\n== {path.stem}", flush=True)
    done = subprocess.run([sys.executable, "-m", f"tests.benchmarks.{path.stem}"], check=False)
    if done.returncode:
        sys.exit(done.returncode)
