"""Run Airflow's own API server app with the plugin loaded, and visit the page in several ways; JSON on stdout.

A process of its own, because Airflow reads its settings once, at its first import. Arguments: an empty folder, the S3
endpoint, and the s3:// URL of the store. The connection and the store are put into Airflow's database, as an
operator would do it in the UI.
"""

import json
import os
import sys
from pathlib import Path

from tests import airflow_home

USERS = {"ada": "admin", "vera": "viewer"}
PASSWORD = "correct horse battery"


def main(home: Path, endpoint: str, place: str) -> None:
    passwords = home / "passwords.json"
    home.mkdir(parents=True, exist_ok=True)
    passwords.write_text(json.dumps(dict.fromkeys(USERS, PASSWORD)))
    os.environ |= {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{user}:{role}" for user, role in USERS.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__API_AUTH__JWT_SECRET": "0123456789abcdef" * 4,
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }
    with airflow_home.output_to(home / "log.txt"):
        airflow_home.prepare(home)
        _configure(endpoint, place)
        found = _visits()
    print(json.dumps(found))


def _configure(endpoint: str, place: str) -> None:
    from airflow.models import Connection, Variable
    from airflow.utils.session import create_session

    extra = json.dumps({"region_name": "us-east-1", "endpoint_url": endpoint})
    with create_session() as session:
        session.merge(
            Connection(conn_id="aws_default", conn_type="aws", login="test", password="test", extra=extra)  # type: ignore[no-untyped-call]
        )
    Variable.set("wirewatch_store", place)


def _visits() -> dict[str, object]:
    from airflow.api_fastapi.main import app
    from fastapi.testclient import TestClient

    with TestClient(app) as client:
        found: dict[str, object] = {"anonymous": client.get("/wirewatch/").status_code}
        found["forged"] = client.get("/wirewatch/", headers={"Authorization": "Bearer forged"}).status_code
        for path in ("docs", "openapi.json", "redoc"):
            found[path] = client.get(f"/wirewatch/{path}").status_code
        for user in USERS:
            token = client.post("/auth/token", json={"username": user, "password": PASSWORD}).json()["access_token"]
            page = client.get("/wirewatch/", headers={"Authorization": f"Bearer {token}"})
            found[user] = page.status_code
        found["html"], found["headers"] = page.text, dict(page.headers)
        found["health"] = sorted(client.get("/api/v2/monitor/health").json())
        found["cookie"] = client.get("/wirewatch/", headers={"Cookie": f"_token={token}"}).status_code
        found["post"] = client.post("/wirewatch/", headers={"Authorization": f"Bearer {token}"}).status_code
        admin = client.post("/auth/token", json={"username": "ada", "password": PASSWORD}).json()["access_token"]
        plugins = client.get("/api/v2/plugins", headers={"Authorization": f"Bearer {admin}"}).json()["plugins"]
        found["views"] = [
            view for plugin in plugins if plugin["name"] == "wirewatch" for view in plugin["external_views"]
        ]
        os.environ["WIREWATCH_STORE"] = "s3://no-such-bucket-here/x"
        broken = client.get("/wirewatch/", headers={"Authorization": f"Bearer {token}"})
        found["broken"], found["broken_html"] = broken.status_code, broken.text
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
