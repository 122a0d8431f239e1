import json
from datetime import timedelta

import pytest

from include.wirewatch.deliver.render import (
    bracketed,
    lag_line,
    render_message,
    render_text,
    rules_line,
    safe_url,
    score_line,
)
from include.wirewatch.models import Excerpt
from tests.deliver.conftest import NOW, make_alert, rule_match


def blocks_of(alert):
    return [block.to_dict() for block in render_message(alert).blocks]


def texts_in(value):
    """Every text of the blocks, with the type of its element."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["type"], value["text"]
        for child in value.values():
            yield from texts_in(child)
    elif isinstance(value, list):
        for child in value:
            yield from texts_in(child)


def test_the_message_says_what_where_when_and_why():
    alert = make_alert(matches=(rule_match("ceasefire", 3, 80), rule_match("sanctions", 1, 40)))
    message = render_message(alert)
    assert message.text == (
        "Harbour Courier: “Talks on a ceasefire go on, day 1” matches ceasefire (3 hits) and sanctions (1 hit)."
    )
    shown = json.dumps(blocks_of(alert), ensure_ascii=False)
    assert "Harbour Courier · Ada Lindqvist" in shown
    assert "https://harbour-courier.example/1" in shown
    assert "<!date^" in shown
    assert "ceasefire ×3 · sanctions ×1" in shown


def test_marked_terms_are_bold_and_the_rest_is_not():
    quote = blocks_of(make_alert())[2]["elements"][0]
    assert [(part["text"], part.get("style")) for part in quote["elements"]] == [
        ("Both sides said a ", None),
        ("ceasefire", {"bold": True}),
        (" could begin on Friday.", None),
    ]


def test_untrusted_text_never_reaches_slack_markup():
    hostile = "<!channel> & <https://evil.example|click> *bold*"
    alert = make_alert(title=hostile, publisher=hostile, authors=(hostile,), excerpts=())
    message = render_message(alert)
    assert "<!channel>" not in message.text
    assert "&lt;!channel&gt; &amp; " in message.text
    markup = [text for kind, text in texts_in(blocks_of(alert)) if kind == "mrkdwn"]
    assert len(markup) == 1
    assert markup[0].startswith("<!date^"), "the time is the only markup, and it is ours"


def test_characters_that_reorder_or_hide_text_are_blanked():
    alert = make_alert(
        title="safe\u202eevil\u0000\u2066x", excerpts=(Excerpt(field="body", text="a\u202eb", marks=()),)
    )
    shown = json.dumps(blocks_of(alert), ensure_ascii=False) + render_message(alert).text
    assert not any(character in shown for character in "\u202e\u2066\u0000")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/x?a=1&b=2", "https://a.example/x?a=1&b=2"),
        ("https://a.example/<b>|c d", "https://a.example/%3Cb%3E%7Cc%20d"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("https://a.example/" + "x" * 3000, ""),
    ],
)
def test_only_http_links_are_linked_and_cannot_end_their_link(url, expected):
    assert safe_url(url) == expected


def test_an_alert_without_a_usable_link_still_shows_its_title():
    title = blocks_of(make_alert(url="javascript:alert(1)"))[0]["elements"][0]["elements"][0]
    assert title["type"] == "text"
    assert title["text"] == "Talks on a ceasefire go on, day 1"


def largest_alert():
    matches = tuple(rule_match(f"rule-{number}", 200) for number in range(60))
    excerpts = tuple(
        Excerpt(field="body", text="&" * 3000, marks=tuple((i * 10, i * 10 + 5) for i in range(200))) for _ in range(9)
    )
    return make_alert(
        title="<" * 3000, publisher="&" * 500, authors=("x" * 500,) * 50, matches=matches, excerpts=excerpts
    )


def test_the_largest_alert_stays_within_slacks_limits():
    alert = largest_alert()
    message = render_message(alert)
    blocks = blocks_of(alert)
    assert len(message.text) <= 4000
    assert len(blocks) <= 50
    assert all(len(text) <= 3000 for _, text in texts_in(blocks))
    assert sum(len(text) for _, text in texts_in(blocks)) < 10_000
    for block in message.blocks:
        block.validate_json()


def test_an_alert_from_a_summary_says_so_and_why():
    alert = make_alert(method="summary", method_detail="robots")
    assert "own title and summary: robots.txt forbids to read the page." in json.dumps(blocks_of(alert))
    other = make_alert(method="summary", method_detail="extraction was killed after 20 s")
    assert "own title and summary: extraction was killed after 20 s." in json.dumps(blocks_of(other))
    assert "own title and summary" not in json.dumps(blocks_of(make_alert()))


def test_what_live_polling_had_missed_says_so_in_every_form():
    note = "Found late: live polling had missed it."
    late = make_alert(found_late=True)
    assert note in json.dumps(blocks_of(late))
    assert note in render_text(late)
    assert note not in json.dumps(blocks_of(make_alert()))


def test_an_undated_article_says_when_it_was_first_seen():
    assert "first seen <!date^" in json.dumps(blocks_of(make_alert(published=None)))


def test_plain_text_marks_terms_in_brackets():
    text = render_text(make_alert())
    assert "> Both sides said a [ceasefire] could begin on Friday." in text
    assert "https://harbour-courier.example/1" in text


def test_excerpts_are_clipped_after_their_marks():
    excerpt = Excerpt(field="body", text="ceasefire " + "x" * 2000, marks=((0, 9),))
    shown = bracketed(excerpt)
    assert shown.startswith("[ceasefire] ")
    assert shown.endswith("…")
    assert len(shown) < 600


def test_rules_are_named_by_score_and_counted_when_there_are_too_many():
    matches = tuple(rule_match(f"rule-{number:02}", 1, number) for number in range(15))
    line = rules_line(matches)
    assert line.startswith("rule-14 ×1 · rule-13 ×1")
    assert line.endswith("· and 3 more")


def test_the_score_is_told_in_words_and_whose_it_is_when_there_are_several():
    match = rule_match("ceasefire", 3, 62).model_copy(update={"score_parts": {"title": 30, "lead": 20, "hits": 12}})
    assert score_line((match,)) == "score 62 of 100: in the title 30, in the lead 20, how often 12"
    assert score_line((rule_match("sanctions", 1, 40), match)).startswith("score 62 of 100 for ceasefire: ")
    assert score_line((rule_match(),)) == ""
    assert "score 62 of 100" in json.dumps(blocks_of(make_alert(matches=(match,))))


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(55, "first seen 55 min after"), (180, "first seen 3 h after"), (3 * 1440, "first seen 3 days after"), (-5, "")],
)
def test_the_lag_between_publication_and_first_sight_is_told(minutes, expected):
    alert = make_alert(published=NOW - timedelta(minutes=minutes), first_seen=NOW)
    assert lag_line(alert) == expected
    assert expected in json.dumps(blocks_of(alert))
    assert lag_line(make_alert(published=None)) == ""


def test_the_stored_copy_is_linked_where_a_template_is_configured():
    shown = json.dumps(blocks_of(make_alert(clean_url="https://archive.example/clean/x.jsonl.zst")))
    assert "https://archive.example/clean/x.jsonl.zst" in shown
    assert "stored copy" not in json.dumps(blocks_of(make_alert()))
