"""The house rules that a linter does not know: which room may look into which."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
PACKAGE = PROJECT / "include" / "wirewatch"
STEPS = {"discover", "fetch", "extract", "match", "deliver", "frontier"}
COMBINES_STEPS = {"stages": {"retro", "cli"}, "retro": {"cli"}, "cli": set()}  # and what each may not import


def imports_of(path: Path) -> set[str]:
    """Every module that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write from include.wirewatch import …"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room_of(module: str) -> str:
    """`include.wirewatch.fetch.client` → `fetch`; "" for anything else."""
    parts = module.split(".")
    return parts[2] if parts[:2] == ["include", "wirewatch"] and len(parts) > 2 else ""


MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_below_include_wirewatch_imports_airflow(path):
    assert not [name for name in imports_of(path) if name.split(".")[0] == "airflow" or "airflow_support" in name]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_steps_never_import_one_another_and_nothing_imports_upwards(path):
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    rooms = {room_of(name) for name in imports_of(path)} - {"", room}
    if room in COMBINES_STEPS:
        assert not rooms & COMBINES_STEPS[room]
    else:
        assert not rooms & (STEPS | COMBINES_STEPS.keys()), f"{room} imports {sorted(rooms)}"


def test_airflow_is_not_imported_by_running_the_stages_either():
    code = (
        "import sys, include.wirewatch.stages.fetch, include.wirewatch.stages.finish\n"
        "import include.wirewatch.stages.deliver, include.wirewatch.stages.history, include.wirewatch.cli\n"
        "import include.wirewatch.stages.digest, include.wirewatch.stages.compact\n"
        "sys.exit(', '.join(m for m in sys.modules if m.split('.')[0] == 'airflow') or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_who_posts_to_slack_alone_does_not_pay_for_what_webhooks_need():
    code = "import sys, include.wirewatch.stages.deliver; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False).returncode == 0


@pytest.mark.parametrize("path", sorted((PROJECT / "dags").glob("*.py")), ids=lambda path: path.name)
def test_dag_files_import_nothing_heavy_at_parse_time(path):
    tree = ast.parse(path.read_text())
    top = {name for node in tree.body for name in _names(node)}
    assert top <= {"datetime", "airflow.sdk", "include.airflow_support"}
    assert len(path.read_text().splitlines()) <= 110, "a DAG file is an adapter: 60 to 100 lines, no logic"


@pytest.mark.parametrize("path", sorted((PROJECT / "dags").glob("*.py")), ids=lambda path: path.name)
def test_a_dag_file_is_named_after_its_dag_and_says_what_to_do_when_it_fails(path):
    text = path.read_text()
    assert f'dag_id="{path.stem}"' in text
    assert "## If it fails" in (ast.get_docstring(ast.parse(text)) or "")


def test_no_test_asserts_how_long_something_takes():
    """A slow machine is no defect: work is counted (tests/effort.py), speed is a ratio (tests/benchmarks)."""
    clocks = {"process_time", "thread_time", "perf_counter"}
    tests = [path for path in (PROJECT / "tests").rglob("test_*.py") if path != Path(__file__).resolve()]
    assert tests
    for path in tests:
        tree = list(ast.walk(ast.parse(path.read_text())))
        names = {node.attr for node in tree if isinstance(node, ast.Attribute)}
        names |= {node.id for node in tree if isinstance(node, ast.Name)}
        assert not names & clocks, f"{path}: {names & clocks}"


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    return {node.module or ""} if isinstance(node, ast.ImportFrom) else set()
