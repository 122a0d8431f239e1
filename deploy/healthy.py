"""Exit 0 if the api-server calls a component healthy, for the health checks of docker-compose.yaml.

python deploy/healthy.py dag_processor
"""

import json
import sys
from urllib.request import urlopen

HEALTH = "http://api-server:8080/api/v2/monitor/health"


def is_healthy(component: str, url: str = HEALTH) -> bool:
    """False also when the api-server does not answer: a component that cannot reach it does no work either."""
    try:
        with urlopen(url, timeout=5) as answer:  # noqa: S310  # a fixed http URL
            return json.load(answer).get(component, {}).get("status") == "healthy"
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    sys.exit(0 if is_healthy(sys.argv[1]) else 1)
