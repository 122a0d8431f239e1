"""What `make mwaa` builds: importable from the DAGs folder alone, with requirements that MWAA can take."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from deploy.build_mwaa import build, closure, constraints, requirements

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("mwaa") / "out"
    build(out, "3.2.1")
    return out


def run(code: str, *, dags: Path, home: Path) -> str:
    """Run code in an Airflow that knows that DAGs folder and no PYTHONPATH, far from the project; its stdout."""
    home.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(home / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }
    # An editable install of the project would put its folder on the path: -S keeps that out, site-packages is added.
    site = [path for path in sys.path if path.endswith("site-packages")]
    start = f"import sys; sys.path += {site!r}\n"
    done = subprocess.run(
        [sys.executable, "-S", "-c", start + code],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
def test_every_dag_imports_with_the_dags_folder_alone(built, tmp_path):
    code = (
        f"sys.path.insert(0, {str(built / 'dags')!r})\n"
        "from airflow.dag_processing.dagbag import DagBag\n"
        f"bag = DagBag({str(built / 'dags')!r})\n"
        "import include\n"
        "print(bag.import_errors or sorted(bag.dags), len(bag.dagbag_stats), include.__file__)"
    )
    said = run(code, dags=built / "dags", home=tmp_path / "home").splitlines()[-1]
    dags = sorted(path.stem for path in (PROJECT / "dags").glob("*.py"))
    # As many files were parsed as there are DAGs: include/ was left alone.
    assert said == f"{dags} {len(dags)} {built / 'dags' / 'include' / '__init__.py'}"


@pytest.mark.slow
def test_the_plugin_finds_include_in_the_dags_folder(built, tmp_path):
    home = tmp_path / "home"
    with zipfile.ZipFile(built / "plugins.zip") as archive:
        archive.extractall(home / "plugins")
    code = (
        "from airflow import plugins_manager\n"
        "plugins, errors = plugins_manager._get_plugins()\n"
        "import include.wirewatch.status\n"
        "print(errors or [plugin.name for plugin in plugins if plugin.name == 'wirewatch'], include.__file__)"
    )
    said = run(code, dags=built / "dags", home=home).splitlines()[-1]
    assert said == f"['wirewatch'] {built / 'dags' / 'include' / '__init__.py'}"


def test_the_zip_has_the_plugin_at_its_root_and_equal_plugins_make_an_equal_zip(built, tmp_path):
    with zipfile.ZipFile(built / "plugins.zip") as archive:
        assert archive.namelist() == ["wirewatch_plugin.py"]
    build(tmp_path / "again", "3.2.1")
    assert (tmp_path / "again" / "plugins.zip").read_bytes() == (built / "plugins.zip").read_bytes()


def test_all_sources_are_packed_and_nothing_else(built):
    kinds = {path.suffix for path in (built / "dags").rglob("*") if path.is_file()}
    assert ".pyc" not in kinds
    assert not list((built / "dags").rglob(".env*"))
    assert (built / "dags" / "include" / "wirewatch" / "status.html").is_file()


def test_the_requirements_begin_with_the_constraint_that_lies_in_the_dags_folder(built):
    first, *rest = (built / "requirements.txt").read_text().splitlines()
    assert first == '--constraint "/usr/local/airflow/dags/constraints.txt"'
    assert (built / "dags" / "constraints.txt").exists()
    assert "trafilatura" in {Requirement(line).name for line in rest}


def test_airflow_and_what_it_needs_are_left_as_mwaa_has_them(built):
    pins = [Requirement(line) for line in (built / "dags" / "constraints.txt").read_text().splitlines()]
    assert str(pins[0]) == "apache-airflow==3.2.1"
    assert not {pin.name for pin in pins[1:]} & closure(["apache-airflow", "apache-airflow-providers-amazon"])
    wanted = {Requirement(line).name for line in (built / "requirements.txt").read_text().splitlines()[1:]}
    assert not wanted & {"apache-airflow", "celery", "apache-airflow-providers-amazon"}


def test_only_what_the_project_needs_is_pinned():
    pins = ["trafilatura==2.3.1", "pytest==9.2.0", "sqlalchemy==2.1.9", "courlan==1.4.0"]
    assert list(constraints(pins, ["trafilatura>=2"], "3.2.1")) == [
        "apache-airflow==3.2.1",
        "trafilatura==2.3.1",
        "courlan==1.4.0",
    ]


def test_a_requirement_that_mwaa_brings_is_dropped_in_any_spelling():
    wanted = ["Apache_Airflow[celery]>=3", "celery<5.7", "lark>=1.3"]
    assert list(requirements(wanted))[1:] == ["lark>=1.3"]


def test_building_again_leaves_nothing_of_the_last_time(tmp_path):
    out = tmp_path / "out"
    build(out, "3.2.1")
    (out / "dags" / "old.py").write_text("")
    build(out, "3.2.1")
    assert not (out / "dags" / "old.py").exists()
