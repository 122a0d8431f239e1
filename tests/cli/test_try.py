"""wirewatch try: the verdict first, then why; the same from a URL and from a file, and never a trace left behind."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from typer.testing import CliRunner

from include.wirewatch.cli import app
from tests.fakes.slack_limits import message_error
from tests.fetch.conftest import Site, reply, running

NOW = datetime.now(UTC)
SENTENCES = (
    "Both delegations said on Friday that a ceasefire could begin before the harbour freezes over. "
    "They had met for nine hours at the Hotel Continental and parted without a signature under anything. "
    "Nobody expects that sanctions will be lifted before the spring, whatever is signed until then. "
    "The envoys return on Thursday, and both governments have kept their speakers silent since."
)
RULES = [
    {"name": "ceasefire", "query": "ceasefire*", "severity": "high", "tags": ["war"]},
    {"name": "sanctions", "query": "sanctions"},
    {"name": "ultimatum", "query": "ultimatum"},
    {"name": "close", "query": "envoys NEAR/3 silent"},
    {"name": "at-home", "query": "ceasefire AND site:harbour.example"},
    {"name": "off", "query": "ceasefire", "enabled": False},
]
NIGHT = {"from": f"{NOW - timedelta(hours=1):%H:%M}", "to": f"{NOW + timedelta(hours=2):%H:%M}"}
RECEIVERS = {
    "receivers": [
        {"name": "desk", "kind": "slack", "channel": "C0123456789"},
        {"name": "night", "kind": "console", "quiet_hours": NIGHT},
        {"name": "calm", "kind": "console", "group_by": "tag"},
    ],
    "routes": [
        {"to": ["desk"], "rules": ["ceasefire"], "min_severity": "normal"},
        {"to": ["night"], "rules": ["sanctions"]},
        {"to": ["calm"], "tags": ["war"]},
    ],
    "silences": [{"receivers": ["calm"], "until": "2100-01-01T00:00:00Z", "reason": "they asked for it"}],
}


def article(*, title="Talks go on", published=NOW - timedelta(hours=5.5), text=SENTENCES, canonical=""):
    head = f"<title>{title}</title><meta property='og:title' content='{title}'>"
    if published:
        head += f"<meta property='article:published_time' content='{published.isoformat()}'>"
    if canonical:
        head += f"<link rel='canonical' href='{canonical}'>"
    paragraphs = "".join(f"<p>{sentence}.</p>" for sentence in text.split(". "))
    return f"<html lang='en'><head>{head}</head><body><article><h1>{title}</h1>{paragraphs}</article>".encode()


@pytest.fixture
def config(tmp_path, site):
    old = {"name": "old-news", "publisher": "Old News", "kind": "feed", "url": f"{site.url}/feed", "delay_s": 0}
    sources = [{**old, "alert_max_age": "9999d", "tags": ["world"], "allow_hosts": [site.host]}]
    for name, content in (("sources", {"sources": sources}), ("rules", {"rules": RULES}), ("receivers", RECEIVERS)):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content))
    return tmp_path


@pytest.fixture
def site():
    with running() as started:
        yield started


def wirewatch(config, *arguments):
    return CliRunner().invoke(app, ["try", *map(str, arguments), "--config", str(config)], env={"COLUMNS": "200"})


def as_json(config, *arguments):
    done = wirewatch(config, *arguments, "--json")
    return done.exit_code, json.loads(done.stdout)


def write(config, body, name="page.html"):
    (config / name).write_bytes(body)
    return config / name


def test_a_page_shows_its_verdict_the_message_and_then_each_step(site: Site, config):
    site.routes["/talks"] = reply(article())
    done = wirewatch(config, f"{site.url}/talks", "--allow-private")
    assert done.exit_code == 0, done.output
    assert site.paths == ["/robots.txt", "/talks"]
    first, *_ = done.stdout.splitlines()
    assert first.startswith("ALERT  desk now; night at ")
    assert first.endswith("(quiet hours) (ceasefire 38, sanctions 38)")
    for text in (
        "2 of 5 match",
        "✓ ceasefire  ×1, high: score 38 of 100: 20 for the opening",
        "body: Both delegations said on Friday that a ceasefire could begin",
        "✗ ultimatum  ultimatum: not found",
        "✗ close  envoys NEAR/3 silent: 10 words between them at the nearest, 3 allowed",
        "desk now: route 1 (rules: ceasefire; normal or more severe)",
        "calm, silenced: route 3 (tags: war); in the thread of its tag",
        "ceasefire at calm until 2100-01-01 00:00 UTC: they asked for it",
        "published 5 h ago; a source alerts up to 24 h",
        "robots.txt allows it · HTTP 200",
    ):
        assert text in done.stdout, text
    assert done.stdout.index("╭─ desk ") < done.stdout.index("╭─ night ") < done.stdout.index("rules "), "two messages"


def test_what_robots_txt_disallows_is_not_asked_for(site: Site, config):
    site.routes["/robots.txt"] = reply(b"User-agent: *\nDisallow: /talks\n", kind="text/plain")
    site.routes["/talks"] = reply(article())
    done = wirewatch(config, f"{site.url}/talks", "--allow-private")
    assert done.exit_code == 1
    assert done.stdout.startswith("NO PAGE  robots\n")
    assert "robots.txt disallows it" in done.stdout
    assert site.paths == ["/robots.txt"]


def test_the_private_network_is_not_reached_unasked(site: Site, config):
    site.routes["/talks"] = reply(article())
    code, trial = as_json(config, f"{site.url}/talks")
    assert (code, trial["page"]["outcome"]) == (1, "refused_address")
    assert site.connections == 0
    code, trial = as_json(config, f"{site.url}/talks", "--source", "old-news")
    assert (code, trial["page"]["robots"]) == (0, "allows"), "the source's own allow_hosts"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [(reply(status="404 Not Found"), "http_404"), (reply(b"%PDF", kind="application/pdf"), "not_html")],
)
def test_a_page_that_cannot_be_had_says_why(site: Site, config, answer, outcome):
    site.routes["/talks"] = answer
    code, trial = as_json(config, f"{site.url}/talks?key=s3cret", "--allow-private")
    assert (code, trial["decision"]) == (1, "no_page")
    site.routes["/talks?key=s3cret"] = answer
    code, trial = as_json(config, f"{site.url}/talks?key=s3cret", "--allow-private")
    assert (code, trial["page"]["outcome"]) == (1, outcome)
    assert "s3cret" not in json.dumps(trial)


def test_as_json_it_is_one_object_with_everything(site: Site, config):
    site.routes["/go"] = reply(b"", "Location: /talks", status="302 Found")
    site.routes["/talks"] = reply(article())
    code, trial = as_json(config, f"{site.url}/go", "--allow-private")
    assert (code, trial["decision"], trial["matched"]) == (0, "alert", ["ceasefire", "sanctions"])
    assert trial["page"]["final_url"] == f"{site.url}/talks"
    assert trial["article"]["title"] == "Talks go on"
    rules = {rule["rule"]: rule for rule in trial["rules"]}
    (hit,) = rules["ceasefire"]["match"]["hits"]
    assert trial["article"]["text"][hit["start"] : hit["end"]] == "ceasefire"
    assert rules["close"]["reason"] == "10 words between them at the nearest, 3 allowed"
    desk, night, calm = trial["receivers"]
    assert (desk["routes"], desk["held_until"], desk["silenced"]) == ([1], None, [])
    assert message_error(desk["message"]) == ""
    assert night["held_until"][11:16] == NIGHT["to"]
    assert (calm["message"], calm["silenced"][0]["reason"]) == (None, "they asked for it")


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
def test_a_file_is_taken_for_a_page_that_was_just_fetched(config, pack):
    page = write(config, pack(article(canonical="https://harbour.example/talks")))
    code, trial = as_json(config, page)
    assert (code, trial["page"]["robots"], trial["page"]["status"]) == (0, "", None)
    assert trial["matched"] == ["ceasefire", "sanctions", "at-home"], "it says itself whence it came"
    assert trial["article"]["publisher"] == "harbour.example"


def test_a_file_of_unknown_origin_says_so_and_url_mends_it(config):
    page = write(config, article())
    assert "its address is not known: --url" in wirewatch(config, page).stdout
    assert "at-home" in as_json(config, page, "--url", "https://harbour.example/x")[1]["matched"]


def test_an_old_article_is_told_to_be_too_old_unless_its_source_allows_it(config):
    page = write(config, article(published=NOW - timedelta(days=40)))
    done = wirewatch(config, page)
    assert done.exit_code == 0, "a rule matches all the same"
    assert done.stdout.startswith("NO ALERT  too old: published 40 days ago; a source alerts up to 24 h")
    assert "as it would look: desk" in done.stdout
    _, trial = as_json(config, page, "--source", "old-news")
    assert (trial["decision"], trial["article"]["publisher"]) == ("alert", "Old News")
    assert "world" in trial["article"]["tags"]


@pytest.mark.parametrize(
    ("changes", "headline"),
    [
        ({"routes": []}, "NO ALERT  no route leads anywhere (ceasefire 38)"),
        ({"silences": [{"rules": ["ceasefire"], "until": "2100-01-01T00:00:00Z", "reason": "x"}]}, "NO ALERT  silenc"),
    ],
)
def test_a_match_that_goes_nowhere_says_why(config, changes, headline):
    (config / "receivers.yaml").write_text(yaml.safe_dump({**RECEIVERS, **changes}))
    done = wirewatch(config, write(config, article()), "--rules", "ceasefire")
    assert done.exit_code == 0
    assert done.stdout.startswith(headline)


def test_rules_can_be_chosen_and_none_matching_is_1(config):
    page = write(config, article())
    done = wirewatch(config, page, "--rules", "ultimatum,close")
    assert done.exit_code == 1
    assert done.stdout.startswith("NO MATCH  none of 2 rules\n")
    _, trial = as_json(config, page, "--rules", "ultimatum", "--rules", "ceasefire")
    assert [rule["rule"] for rule in trial["rules"]] == ["ultimatum", "ceasefire"]


def test_many_rules_that_do_not_match_are_counted(config):
    many = [{"name": f"r{number}", "query": f"nothing{number}"} for number in range(20)]
    (config / "rules.yaml").write_text(yaml.safe_dump({"rules": many}))
    done = wirewatch(config, write(config, article()))
    assert done.stdout.count("✗") == 15
    assert "and 5 more that do not match; --rules NAME says why" in done.stdout


def test_a_page_without_text_matches_nothing(config):
    code, trial = as_json(config, write(config, b"<html><body></body>"))
    assert (code, trial["decision"]) == (1, "no_match")


def test_what_the_page_says_is_never_markup_on_the_terminal(config):
    page = write(config, article(title="[red]A ceasefire[/red]\x1b[2J [link=file:///x]now[/link]"))
    shown = wirewatch(config, page).stdout
    assert "[red]A ceasefire[/red]" in shown
    assert "\x1b[2J" not in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nothing-here.html",), "no such file; an address begins with https://"),
        (("ftp://harbour.example/x",), "not an http(s) URL"),
        (("https://user:s3cret@[::1/",), "not a URL"),
        (("{page}", "--url", "harbour"), "not"),
        (("{page}", "--rules", "off"), "there is no enabled rule 'off'; known: ceasefire"),
        (("{page}", "--source", "nobody"), "sources.yaml has no source 'nobody'; known: old-news"),
    ],
)
def test_wrong_input_is_2_and_says_what(config, arguments, says):
    page = write(config, article())
    done = wirewatch(config, *(argument.replace("{page}", str(page)) for argument in arguments))
    assert done.exit_code == 2
    assert says in done.stderr
    assert "s3cret" not in done.stderr


def test_a_gzip_that_is_cut_off_or_a_bomb_is_survived(config):
    bomb = gzip.compress(b"<html>" + b"x" * 50_000_000)
    assert wirewatch(config, write(config, bomb)).exit_code == 1
    assert wirewatch(config, write(config, b"\x1f\x8bnonsense")).exit_code == 2
