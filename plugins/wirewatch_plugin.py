"""Wirewatch's page in Airflow's navigation: the latest alerts and batches, read from S3. Read-only.

Whoever is logged in to Airflow may see it; anybody else gets 401. Its rows and its HTML come from
include/wirewatch/status.py; this file only gives them a place in Airflow.
"""

import importlib.util
import sys
from datetime import UTC, datetime

from airflow import settings
from airflow.api_fastapi.core_api.security import get_user
from airflow.plugins_manager import AirflowPlugin
from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse

if importlib.util.find_spec("include") is None:
    # MWAA: include/ lies in the DAGs folder, and the server that shows this page does not look there by itself.
    sys.path.append(settings.DAGS_FOLDER)

DAYS = 2
OBJECTS = 20

# An app that a plugin mounts is open to everyone unless it asks for the user itself. The generated API pages would
# stay open all the same, so there are none.
app = FastAPI(dependencies=[Depends(get_user)], docs_url=None, redoc_url=None, openapi_url=None)


@app.get("/", response_class=HTMLResponse)
def latest() -> HTMLResponse:
    """What happened today and yesterday (UTC). 503 with the reason while the archive cannot be read."""
    from include.airflow_support import open_store
    from include.wirewatch.archive import days_back
    from include.wirewatch.errors import WirewatchError
    from include.wirewatch.status import CONTENT_SECURITY_POLICY, read_status, render_problem, render_status

    days = days_back(datetime.now(UTC).date(), DAYS)
    try:
        store = open_store()
        page, status_code = render_status(read_status(store, days, OBJECTS), place=store.url(""), days=days), 200
    except WirewatchError as error:
        page, status_code = render_problem(str(error)), 503
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(page, status_code, headers)


class WirewatchPlugin(AirflowPlugin):
    name = "wirewatch"
    fastapi_apps = [{"app": app, "url_prefix": "/wirewatch", "name": "Wirewatch"}]  # noqa: RUF012
    # No url_route: with one, Airflow would show the page in a frame whose sandbox forbids new tabs, so that the links
    # to the articles would do nothing. Without, it opens in a tab of its own. The href is relative to Airflow's base.
    external_views = [{"name": "Wirewatch", "href": "wirewatch/", "destination": "nav", "category": "browse"}]  # noqa: RUF012
