"""Build what Amazon MWAA takes: dist/mwaa/{dags/, plugins.zip, requirements.txt, constraints.txt in dags/}.

MWAA adds only the DAGs folder to Python's path, so include/ goes under dags/ and .airflowignore keeps it from being
parsed as DAGs. MWAA brings Airflow itself and all that Airflow depends on; an upgrade of one of those from
requirements.txt can keep an environment from starting. So requirements.txt leaves Airflow out, and constraints.txt
pins Airflow to the environment's version and only the packages that Airflow does not need itself.

    python deploy/build_mwaa.py --airflow 3.2.1 --out dist/mwaa
"""

import argparse
import re
import shutil
import sys
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[1]
# Where MWAA puts what lies under dags/ in the environment's bucket.
CONSTRAINTS = "/usr/local/airflow/dags/constraints.txt"
# What MWAA brings. Celery is how it runs tasks: not ours to choose there.
MWAA_BRINGS = (
    "apache-airflow[celery]",
    "apache-airflow-providers-amazon",
    "apache-airflow-providers-postgres",
    "celery",
)
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc")


def build(out: Path, airflow: str, project: Path = PROJECT) -> None:
    """Build into out, which is emptied first. airflow: the version that the environment runs."""
    if out.exists():
        shutil.rmtree(out)
    shutil.copytree(project / "dags", out / "dags", ignore=IGNORED)
    shutil.copytree(project / "include", out / "dags" / "include", ignore=IGNORED)
    (out / "dags" / ".airflowignore").write_text("include/\n", encoding="utf-8")
    wanted = list(specifiers(project / "requirements.txt"))
    pins = specifiers(project / "constraints.txt")
    _write(out / "requirements.txt", requirements(wanted))
    _write(out / "dags" / "constraints.txt", constraints(pins, wanted, airflow))
    with zipfile.ZipFile(out / "plugins.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((project / "plugins").glob("*.py")):
            # A fixed time: equal plugins make an equal file, so that MWAA's version of it changes only with them.
            archive.writestr(zipfile.ZipInfo(path.name, (2026, 1, 1, 0, 0, 0)), path.read_bytes())


def requirements(wanted: Iterable[str]) -> Iterator[str]:
    """The project's requirements without what MWAA brings, after the `--constraint` line that MWAA demands."""
    yield f'--constraint "{CONSTRAINTS}"'
    brought = {name_of(line) for line in MWAA_BRINGS}
    yield from (line for line in wanted if name_of(line) not in brought)


def constraints(pins: Iterable[str], wanted: Iterable[str], airflow: str) -> Iterator[str]:
    """Airflow at the environment's version, and the tested pins of what we need and Airflow does not."""
    yield f"apache-airflow=={airflow}"
    ours = closure(wanted) - closure(MWAA_BRINGS)
    yield from (line for line in pins if name_of(line) in ours)


def closure(names: Iterable[str]) -> set[str]:
    """The installed packages that those need, directly or not, themselves included. Names are canonical."""
    found: set[str] = set()
    open_ = [Requirement(name) for name in names]
    seen: set[tuple[str, frozenset[str]]] = set()
    while open_:
        wanted = open_.pop()
        name = canonicalize_name(wanted.name)
        found.add(name)
        extras = frozenset(wanted.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            needs = requires(wanted.name) or []
        except PackageNotFoundError:  # for another platform or Python
            continue
        for need in map(Requirement, needs):
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras | {""}):
                open_.append(need)
    return found


def specifiers(path: Path) -> Iterator[str]:
    """The lines of a requirements or constraints file without comments and blanks."""
    for line in path.read_text(encoding="utf-8").splitlines():
        specifier = re.sub(r"(^|\s+)#.*", "", line).strip()
        if specifier:
            yield specifier


def name_of(specifier: str) -> str:
    return canonicalize_name(Requirement(specifier).name)


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--airflow", default="3.2.1", help="the Airflow version of the environment (default: 3.2.1)")
    parser.add_argument("--out", type=Path, default=PROJECT / "dist" / "mwaa")
    options = parser.parse_args()
    build(options.out, options.airflow)
    print(f"{options.out}: upload dags/, plugins.zip and requirements.txt; docs/deploy.md says the rest")
    return 0


if __name__ == "__main__":
    sys.exit(main())
