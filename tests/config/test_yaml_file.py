"""Every mistake in a configuration file is named with its place and what was expected."""

import pytest

from include.wirewatch.config.files import ConfigFiles
from include.wirewatch.config.receivers import ReceiversFile
from include.wirewatch.config.rules import RulesFile
from include.wirewatch.config.sources import SourcesFile
from include.wirewatch.config.yaml_file import load_yaml
from include.wirewatch.errors import ConfigError
from include.wirewatch.settings import DEFAULT_CONFIG, load_settings
from include.wirewatch.store import Store

SOURCE = "sources:\n  - name: a\n    publisher: A\n    kind: feed\n    url: https://a.example/rss\n"


def problems(name, text, model):
    with pytest.raises(ConfigError) as caught:
        load_yaml(name, text, model)
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("sources: [", "sources.yaml:1:11: not valid YAML:", id="not YAML"),
        pytest.param("\tsources: []", "sources.yaml:1:1: not valid YAML:", id="a tab"),
        pytest.param("a: 1\n---\nb: 2\n", "sources.yaml:2:1: not valid YAML:", id="two documents"),
        pytest.param("", "sources.yaml:1:1: 'sources' is missing", id="empty"),
        pytest.param("- 1\n", "sources.yaml:1:1: the file:", id="a list at the top"),
        pytest.param(
            SOURCE + "    kind: feed\n", "sources.yaml:6:5: duplicate key 'kind'; first on line 4", id="twice"
        ),
        pytest.param(SOURCE + "    colour: red\n", "sources.yaml:6:5: unknown key 'colour'", id="unknown key"),
        pytest.param("sources:\n  - name: a\n", "sources.yaml:2:5: 'publisher' is missing", id="missing"),
        pytest.param(SOURCE.replace("feed", "fed"), "sources.yaml:4:11: sources.0.kind: Input should be", id="kind"),
        pytest.param(SOURCE.replace("https://a", "ftp://a"), "sources.yaml:5:10: sources.0.url:", id="url"),
        pytest.param(
            SOURCE + "    alert_max_age: 24\n",
            "sources.yaml:6:20: sources.0.alert_max_age: expected a duration such as 90s, 15m, 24h or 7d, got 24",
            id="a bare number is no duration",
        ),
        pytest.param(SOURCE + SOURCE[9:], "source 'a' defined twice", id="two sources of one name"),
    ],
)
def test_a_wrong_sources_file_is_refused_with_its_place(text, expected):
    found = problems("sources.yaml", text, SourcesFile)
    assert any(expected in problem for problem in found), found


def test_all_problems_are_told_at_once():
    text = SOURCE.replace("feed", "fed") + "    colour: red\n    enabled: perhaps\n"
    assert len(problems("sources.yaml", text, SourcesFile)) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "receivers: [{name: desk, kind: slack, channel: '#news'}]\nroutes: []\n",
            "receivers.yaml:1:",
        ),
        (
            "receivers: [{name: desk, kind: console}]\nroutes: [{to: [nobody]}]\n",
            "receivers.yaml:2:16: routes.0.to.0: a route leads to unknown receiver 'nobody'; known: desk",
        ),
        (
            "receivers:\n- {name: desk, kind: console}\n- {name: desk, kind: console}\nroutes: []\n",
            "receivers.yaml:3:10: receivers.1.name: receiver 'desk' defined twice",
        ),
        ("receivers: [{name: desk, kind: pigeon}]\nroutes: []\n", "receivers.yaml:1:13:"),
        (
            "receivers: [{name: desk, kind: console}]\nroutes: [{to: [desk]}]\nops: [nobody]\n",
            "receivers.yaml:3:7: ops.0: failures go to unknown receiver 'nobody'; known: desk",
        ),
        (
            "receivers: [{name: desk, kind: console}]\nroutes: [{to: [desk]}]\nops: [desk]\n",
            "receivers.yaml:3:6: ops: 'desk' is in a route too, and failures never go to analysts; "
            "if one team does both, define a second receiver with the same channel",
        ),
    ],
)
def test_a_wrong_receivers_file_is_refused_with_its_place(text, expected):
    found = problems("receivers.yaml", text, ReceiversFile)
    assert any(expected in problem for problem in found), found


RECEIVER = "receivers:\n  - name: d\n    kind: slack\n    channel: C0123456789\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "    channel: news\n", "receivers.yaml:4:14: receivers.0.channel: expected a channel id", id="kind"
        ),
        pytest.param("    instant_from: high\n", "5:19: receivers.0.instant_from: what is below", id="no digest"),
        pytest.param(
            "    digest: {at: 10:30}\n", "5:18: receivers.0.digest.at: expected a time of day", id="bare time"
        ),
        pytest.param('    digest: {at: "24:00"}\n', "5:18: receivers.0.digest.at:", id="no time of day"),
        pytest.param('    digest: {at: "8:00"}\n', "5:18: receivers.0.digest.at:", id="one digit"),
        pytest.param("    digest: {}\n", "5:13: 'at' is missing", id="no time"),
        pytest.param('    digest: {at: "08:00", zone: UTC}\n', "5:27: unknown key 'zone'", id="unknown key"),
    ],
)
def test_a_wrong_digest_is_refused_with_its_place(text, expected):
    before = RECEIVER.replace("    channel: C0123456789\n", "") if "channel" in text else RECEIVER
    found = problems("receivers.yaml", f"{before}{text}routes: []\n", ReceiversFile)
    assert len(found) == 1
    assert expected in found[0]


def test_a_digest_may_have_a_severity_below_which_articles_wait_for_it():
    text = (
        f'{RECEIVER}    timezone: Asia/Kathmandu\n    digest: {{at: "07:45"}}\n    instant_from: normal\nroutes: []\n'
    )
    (receiver,) = load_yaml("receivers.yaml", text, ReceiversFile).value.receivers
    assert (receiver.instant_from, receiver.digest.at.isoformat()) == ("normal", "07:45:00")
    (other,) = load_yaml("receivers.yaml", f"{RECEIVER}routes: []\n", ReceiversFile).value.receivers
    assert (other.instant_from, other.digest) == ("low", None)


def test_a_channel_name_is_refused_with_where_to_find_the_id():
    (problem,) = problems(
        "receivers.yaml", "receivers: [{name: d, kind: slack, channel: '#news'}]\nroutes: []\n", ReceiversFile
    )
    assert "expected a channel id such as C0123456789" in problem


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        pytest.param("rules:\n  - name: a\n    query: peace AND (\n", 10, "3:22", id="plain"),
        pytest.param("rules:\n  - name: a\n    query: |\n      peace\n      AND (\n", 10, "5:11", id="block"),
        pytest.param("rules:\n  - name: a\n    query: |2\n        peace AND (\n", 12, "4:19", id="indented block"),
        pytest.param("rules:\n  - name: a\n    query: |\n\n      peace AND (\n", 11, "5:17", id="blank line first"),
        pytest.param("rules:\n  - name: a\n    query: 'peace AND ('\n", 10, "3:5", id="quoted: the key's line"),
    ],
)
def test_a_place_inside_a_query_is_exact_where_it_can_be(text, offset, place):
    loaded = load_yaml("rules.yaml", text, RulesFile)
    problem = loaded.places.text_problem(("rules", 0, "query"), offset, "expected a term")
    assert problem.startswith(f"rules.yaml:{place}: ")
    if "'" in text:
        assert "column 11 of the value" in problem


def test_files_are_read_from_a_directory_or_an_s3_prefix(store, tmp_path):
    (tmp_path / "sources.yaml").write_text(SOURCE)
    local = ConfigFiles(str(tmp_path), lambda place: pytest.fail("no S3 needed"))
    assert local.sources().value.sources[0].name == "a"

    store.put("config/sources.yaml", SOURCE.encode())
    place = f"s3://{store.place.bucket}/{store.place.prefix}/config"
    remote = ConfigFiles(place, lambda place: Store(store._client, place))
    assert remote.sources().value == local.sources().value


def test_a_missing_file_names_the_place_and_the_setting(tmp_path):
    with pytest.raises(ConfigError, match=r"rules\.yaml:1:1: not found in .*; WIREWATCH_CONFIG names the place"):
        ConfigFiles(str(tmp_path), lambda place: None).rules()


def test_a_file_that_is_not_utf8_says_where(tmp_path):
    (tmp_path / "rules.yaml").write_bytes(b"rules: [\xff]")
    with pytest.raises(ConfigError, match=r"rules\.yaml:1:9: not UTF-8: byte 0xff"):
        ConfigFiles(str(tmp_path), lambda place: None).rules()
    (tmp_path / "rules.yaml").write_bytes("\ufeff# ж\n# ж ".encode() + b"\xff")
    with pytest.raises(ConfigError, match=r"rules\.yaml:2:5: not UTF-8: byte 0xff"):
        ConfigFiles(str(tmp_path), lambda place: None).rules()


def test_the_shipped_files_are_valid():
    files = ConfigFiles(DEFAULT_CONFIG, lambda place: pytest.fail("no S3 needed"))
    assert files.sources().value.sources
    assert {rule.name for rule in files.rules().value.rules} >= {"ceasefire", "ultimatum", "sanctions"}
    assert files.receivers().value.routes


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("WIREWATCH_STORE", "bucket/prefix", "WIREWATCH_STORE: Value error, expected s3://bucket/prefix"),
        ("WIREWATCH_SHARDS", "40", "WIREWATCH_SHARDS: Input should be less than or equal to 16, got '40'"),
        ("WIREWATCH_DELIVER_S", "soon", "WIREWATCH_DELIVER_S: Input should be a valid number"),
    ],
)
def test_a_wrong_setting_is_named_with_its_variable(monkeypatch, variable, value, expected):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=expected.replace("(", r"\(")):
        load_settings()


def test_no_store_is_an_error_and_not_somebody_elses_bucket(monkeypatch):
    monkeypatch.delenv("WIREWATCH_STORE", raising=False)
    with pytest.raises(ConfigError, match=r"WIREWATCH_STORE .*expected s3://bucket/prefix"):
        _ = load_settings().place


def test_the_schemas_for_editors_are_current():
    from include.wirewatch.config.schema import schema_files

    for path, text in schema_files().items():
        assert path.read_text() == text, f"{path} is stale: make schema"
