"""wirewatch backfill plan beside an archive that holds some of the days."""

import json

from tests.cli.test_backfill import command_in, plan
from tests.e2e.history_site import DAY, past_of


def test_it_says_what_the_archive_holds_already(deployment, s3):
    place = f"s3://{deployment.store.place.bucket}/{deployment.store.place.prefix}"
    environment = {"WIREWATCH_STORE": place, "AIRFLOW_CONN_AWS_DEFAULT": s3.airflow_connection()}
    with past_of(deployment) as past:
        past.publish("a", "b")
        past.configure({"name": "ours", "history": [past.sitemap]}, {"name": "other", "history": [past.sitemap]})
        days = ("--from", str(DAY), "--to", str(DAY))
        assert "nothing held" in plan(deployment.config, *days, **environment).stdout
        past.fetch()
        requests = len(past.site.paths)
        shown = plan(deployment.config, *days, **environment)
        given = json.loads(plan(deployment.config, *days, "--json", **environment).stdout)
        anew = plan(deployment.config, *days, "--refetch", **environment)
        assert len(past.site.paths) == requests, "no publisher was asked"
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    assert f"1 day, {DAY}, of 2 sources:" in lines
    assert "1 day was looked up before. Airflow leaves out days" in shown.stdout
    assert "1 day was looked up before, and will be fetched anew, unless this label has done so" in anew.stdout
    held = {source["name"]: (source["days_held"], source["articles_held"]) for source in given["sources"]}
    assert sorted(held.values()) == [(0, 0), (1, 2)], "each page once, though both sources list it"
    assert given["command"] == command_in(shown)
    assert (given["days_looked_up"], given["archive"], given["quiet"]) == (1, "read", True)
    (name,) = (name for name, (days, _) in held.items() if days)
    assert f"{name} sitemap 2 articles of 1 day held" in lines
