"""deploy/preload: what tasks find made when they are forked, and that a changed file reaches them all the same."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.airflow_home import PROJECT

# What a scheduler does: it imports the settings, and forks tasks. Each answer is a forked child's.
SCHEDULER = """
import json, os, sys, threading

sys.argv[0] = "airflow"
import airflow_local_settings

def ours():
    return sum(name.startswith("include.wirewatch.") for name in sys.modules)

def of_a_fork(ask):
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.write(writer, json.dumps(ask()).encode())
        os._exit(0)
    os.close(writer)
    return json.loads(os.fdopen(reader).read())

def files_that_a_client_reads():
    import botocore.session
    from include.wirewatch.s3_data import s3_data
    read = []
    sys.addaudithook(lambda event, args: event == "open" and "botocore" in str(args[0]) and read.append(str(args[0])))
    session = botocore.session.get_session()
    session.register_component("data_loader", s3_data())
    session.create_client("s3", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    return read

def grammars():
    from include.wirewatch.match.parse import _grammar
    return _grammar.cache_info().currsize

def edition():
    from include.wirewatch import urls
    return getattr(urls, "EDITION", "old")

def under_way():
    import include.airflow_support
    change("newer")
    return of_a_fork(edition)

def change(edition):
    with open(include.wirewatch.urls.__file__, "a") as file:
        file.write(f"\\nEDITION = {edition!r}\\n")

found = {"ours": of_a_fork(ours), "threads": threading.active_count(), "airflow": "airflow.sdk" in sys.modules}
found["taken over"] = airflow_local_settings.__all__
if found["ours"]:
    import include.wirewatch.urls
    found["files"], found["grammars"] = of_a_fork(files_that_a_client_reads), of_a_fork(grammars)
    found["unchanged"] = of_a_fork(edition)
    found["under way"] = of_a_fork(under_way)
    found["changed"] = of_a_fork(edition)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def preloaded(tmp_path_factory: pytest.TempPathFactory):
    """What a process of a given airflow command finds, in a copy of the code that it may change."""
    place = tmp_path_factory.mktemp("project")
    shutil.copytree(PROJECT / "include", place / "include", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PROJECT / "deploy" / "preload", place / "preload")

    def run(*command: str) -> dict[str, object]:
        environment = {"PYTHONPATH": f"{place}:{place / 'preload'}", "AIRFLOW_HOME": str(place / "airflow")}
        done = subprocess.run(
            [sys.executable, "-c", SCHEDULER, *command],
            cwd=place,
            env={"PATH": "/usr/bin:/bin", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture(scope="module")
def worker(preloaded):
    return preloaded("celery", "worker")


def test_tasks_find_the_stages_imported_the_grammar_built_and_s3_described(worker):
    assert worker["ours"] > 80
    assert (worker["grammars"], worker["files"]) == (1, [])


def test_no_thread_exists_before_the_fork(worker):
    assert worker["threads"] == 1


def test_airflow_takes_over_no_name_of_it(worker):
    assert worker["taken over"] == []


def test_a_change_of_the_code_works_from_the_next_task_on(worker):
    assert (worker["unchanged"], worker["changed"]) == ("old", "newer")


def test_a_task_that_is_under_way_keeps_its_code_and_so_do_its_workers(worker):
    assert worker["under way"] == "old"


def test_processes_that_fork_no_tasks_import_nothing(preloaded):
    found = preloaded("dags", "list")
    assert (found["ours"], found["airflow"]) == (0, False)
