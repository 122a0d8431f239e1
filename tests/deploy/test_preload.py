"""What the scheduler imports once, so that its tasks need not."""

import json
import subprocess
import sys

import pytest

from tests.airflow_home import PROJECT

SAYS = """
import json, sys
sys.argv = ["airflow", *{arguments!r}]
sys.path.insert(0, "deploy/preload")
import airflow_local_settings as preload
loaded = set(sys.modules)
if {stages!r}:
    import include.wirewatch.stages.backfill, include.wirewatch.stages.batches, include.wirewatch.stages.deliver
    import include.wirewatch.stages.fetch, include.wirewatch.stages.finish, include.wirewatch.stages.history
tops = {{name.partition(".")[0] for name in set(sys.modules) - loaded}} - set(sys.stdlib_module_names)
print(json.dumps([sorted(set(preload.MODULES) - loaded), sorted(tops), preload.__all__]))
"""


def preloaded(*arguments, stages=False):
    """What was not imported at the start, whose modules the stages import afterwards, and what Airflow takes over."""
    code = SAYS.format(arguments=arguments, stages=stages)
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_a_worker_that_forks_tasks_has_imported_all_that_they_need_of_others_and_nothing_of_ours():
    missing, imported_later, taken_over = preloaded("celery", "worker", stages=True)
    assert missing == [], "each of them is installed"
    # pydantic itself puts off some of its parts.
    assert set(imported_later) - {"pydantic"} == {"include"}
    assert taken_over == []


def test_no_other_process_pays_for_it():
    missing, _, _ = preloaded("dags", "list")
    assert "boto3" in missing
