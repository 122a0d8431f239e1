"""The page inside Airflow's real API server: who may see it, and what they see."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.wirewatch.archive import BatchKey, write_matches
from include.wirewatch.store import Store
from tests.fakes.s3_server import LockedS3
from tests.plugins.test_status import HOSTILE, Tags, matched

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.scheduler
def test_the_page_is_for_those_who_are_logged_in_and_shows_the_archive_as_text(
    tmp_path: Path, s3: LockedS3, store: Store
):
    key = BatchKey(f"{datetime.now(UTC):%Y-%m-%d}", "live")
    write_matches(store, key.matches("x1", "r1"), [matched(HOSTILE)])
    arguments = [str(tmp_path / "airflow"), s3.endpoint_url, store.url("").rstrip("/")]
    done = subprocess.run(
        [sys.executable, "-m", "tests.plugins.airflow_visit", *arguments],
        cwd=PROJECT,
        env={name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "WIREWATCH", "AWS"))},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    log = tmp_path / "airflow" / "log.txt"
    assert done.returncode == 0, done.stderr + (log.read_text()[-3000:] if log.exists() else "")
    seen = json.loads(done.stdout)

    assert (seen["anonymous"], seen["forged"]) == (401, 403)
    assert (seen["docs"], seen["openapi.json"], seen["redoc"]) == (404, 404, 404)
    assert (seen["ada"], seen["vera"], seen["cookie"]) == (200, 200, 200), seen["html"]
    assert seen["post"] == 405
    assert seen["views"][0]["href"] == "wirewatch/"
    assert seen["views"][0]["destination"] == "nav"

    # What deploy/healthy.py asks for.
    assert {"dag_processor", "triggerer"} <= set(seen["health"])

    tags = Tags(seen["html"])
    assert HOSTILE in tags.text
    assert "script" not in [tag for tag, _ in tags.tags]
    assert seen["headers"]["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert seen["headers"]["cache-control"] == "no-store"

    assert seen["broken"] == 503
    assert "no-such-bucket-here" in seen["broken_html"]
