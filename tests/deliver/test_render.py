import json
import re
from datetime import timedelta

import pytest

from include.wirewatch.deliver.render import (
    bracketed,
    lag_words,
    render_message,
    render_text,
    rules_line,
    safe_url,
    score_line,
    sentence,
    times_line,
)
from include.wirewatch.deliver.safe_text import END_OF_ISOLATE, ISOLATE, clean
from include.wirewatch.deliver.thread import BY_ITSELF, Place
from include.wirewatch.models import Excerpt
from tests.deliver.conftest import NOW, make_alert, rule_match
from tests.fakes.slack_limits import message_error

BELOW = Place("first", "1764000000.000100")


def blocks_of(alert, place=BY_ITSELF, copies=()):
    return [block.to_dict() for block in render_message(alert, place, copies).blocks]


def shown_in(alert, place=BY_ITSELF):
    """Everything that a reader sees, one line a block."""
    return "\n".join("".join(text for _, text in texts_in(block)) for block in blocks_of(alert, place))


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
    assert "ceasefire ×3 · sanctions ×1" in shown_in(alert)


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
    assert re.sub(r"<!date\^\d+\^[^|]+\|[^>]+>", "…", markup[0]) == "published …, first seen … (55 min later)", (
        "ours alone"
    )


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


def largest_alert(**changes):
    matches = tuple(rule_match(f"{'r' * 55}-{number}", 200, severity="high") for number in range(60))
    parts = dict.fromkeys(("title", "lead", "hits", "density", "terms"), 15)
    matches = tuple(match.model_copy(update={"score_parts": parts}) for match in matches)
    excerpts = tuple(
        Excerpt(field="body", text="&" * 3000, marks=tuple((i * 10, i * 10 + 5) for i in range(200))) for _ in range(9)
    )
    facts = {
        "title": "<" * 3000,
        "url": "https://x.example/" + "a" * 1900,
        "clean_url": "https://y.example/" + "a" * 1900,
        "publisher": "&" * 500,
        "authors": ("x" * 500,) * 50,
        "method": "summary",
        "method_detail": "z" * 3000,
    }
    return make_alert(**{**facts, "matches": matches, "excerpts": excerpts, **changes})


LARGEST = {
    "alert": (largest_alert(), BY_ITSELF),
    "from right to left": (largest_alert(title="ש" * 3000, publisher="ع" * 500, authors=("ע" * 500,) * 9), BY_ITSELF),
    "copy": (largest_alert(), BELOW),
    "addendum": (largest_alert(parent="first"), BELOW),
    "rollup": (largest_alert(kind="rollup"), BY_ITSELF),
}


@pytest.mark.parametrize("kind", LARGEST)
def test_a_title_of_3000_characters_200_hits_and_60_rules_stay_within_slacks_limits(kind):
    alert, place = LARGEST[kind]
    copies = tuple(f"{'p' * 200} {number}" for number in range(200))
    message = render_message(alert, place, copies)
    blocks = [block.to_dict() for block in message.blocks]
    assert message_error({"text": message.text, "blocks": blocks}) == ""
    assert len(message.text) <= 4000
    assert len(blocks) <= 50
    assert all(len(text) <= 3000 for _, text in texts_in(blocks))
    assert all(len(block["elements"]) <= 10 for block in blocks if block["type"] == "context")
    assert sum(len(text) for _, text in texts_in(blocks)) < 10_000
    for block in message.blocks:
        block.validate_json()


def test_an_alert_from_a_summary_says_so_and_why():
    alert = make_alert(method="summary", method_detail="robots")
    assert "Only the source's own title and summary: robots.txt forbids to read the page." in json.dumps(
        blocks_of(alert)
    )
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
    assert score_line((match,)) == "score 62 of 100: 30 for the title + 20 for the opening + 12 for repetition"
    assert score_line((rule_match("sanctions", 1, 40), match)).startswith("score 62 of 100 for ceasefire: ")
    assert score_line((rule_match(),)) == ""
    assert "score 62 of 100" in json.dumps(blocks_of(make_alert(matches=(match,))))


def test_a_severity_that_is_not_the_usual_one_stands_beside_its_rule():
    matches = (rule_match("a", 2, 9, "high"), rule_match("b", 1, 8), rule_match("c", 1, 7, "low"))
    assert rules_line(matches) == "a ×2 (high) · b ×1 · c ×1 (low)"
    assert rules_line(matches) in shown_in(make_alert(matches=matches))


def test_rules_that_the_sentence_has_no_room_for_are_counted():
    alert = make_alert(matches=tuple(rule_match(f"rule-{number}") for number in range(16)))
    assert sentence(alert).endswith("rule-11 (1 hit) and 4 more rules.")


@pytest.mark.parametrize(
    ("minutes", "expected"), [(0, "0 min"), (55, "55 min"), (180, "3 h"), (3 * 1440, "3 days"), (-5, "")]
)
def test_the_lag_between_publication_and_first_sight_is_told(minutes, expected):
    assert lag_words(timedelta(minutes=minutes)) == expected
    line = times_line(make_alert(published=NOW - timedelta(minutes=minutes), first_seen=NOW))
    assert line.startswith("published 2026-11-2")
    assert ("later)" in line) == bool(expected)


def test_slack_shows_the_times_in_the_readers_own_zone_and_a_date_only_where_it_is_another():
    seen, published = int(NOW.timestamp()), int((NOW - timedelta(minutes=19)).timestamp())
    line = f"published <!date^{published}^{{date_short_pretty}} {{time}}|2026-11-24 11:41 UTC>, "
    line += f"first seen <!date^{seen}^{{time}}|2026-11-24 12:00 UTC> (19 min later)"
    assert line in shown_in(make_alert(published=NOW - timedelta(minutes=19), first_seen=NOW))
    late = shown_in(make_alert(published=NOW - timedelta(days=3), first_seen=NOW))
    assert f"first seen <!date^{seen}^{{date_short_pretty}} {{time}}|" in late


def test_the_title_is_not_quoted_below_itself_unless_there_is_nothing_else():
    body = Excerpt(field="body", text="Both sides said a ceasefire could begin.", marks=((18, 27),))
    title = Excerpt(field="title", text="Talks on a ceasefire", marks=((11, 20),))
    assert "Talks on a [ceasefire]" not in render_text(make_alert(excerpts=(body, title)))
    assert "Talks on a [ceasefire]" in render_text(make_alert(excerpts=(title,)))


def test_a_copy_quotes_one_sentence():
    quotes = tuple(Excerpt(field="body", text=f"Sentence {number}.", marks=()) for number in range(3))
    assert "Sentence 2." in shown_in(make_alert(excerpts=quotes))
    assert "Sentence 1." not in shown_in(make_alert(excerpts=quotes), BELOW)
    assert "Sentence 2." in shown_in(make_alert(excerpts=quotes, parent="first"), BELOW), (
        "an addendum is another rule's"
    )


def test_an_addendum_names_its_rule():
    alert = make_alert(parent="first", matches=(rule_match("sanctions"),))
    assert "the article of the alert above matches sanctions as well" in shown_in(alert, BELOW)
    assert "an earlier alert, which is not here, matches sanctions" in shown_in(alert)


ARABIC = "هل يبدأ وقف إطلاق النار (تقرير 2026)؟"
HEBREW = "הפסקת אש? אולי ביום שישי (Reuters)."


@pytest.mark.parametrize("text", [ARABIC, HEBREW])
def test_text_from_right_to_left_is_isolated_and_leaves_the_rest_of_its_line_alone(text):
    alert = make_alert(title=text, publisher=text, authors=(text,))
    isolated = f"{ISOLATE}{text}{END_OF_ISOLATE}"
    assert sentence(alert) == f"{isolated}: “{isolated}” matches ceasefire (1 hit)."
    assert f"{isolated} · {isolated}" in shown_in(alert)


@pytest.mark.parametrize("text", [ARABIC, HEBREW])
def test_a_sentence_from_right_to_left_is_isolated_across_its_marks(text):
    word = text.split()[1]
    start = text.index(word)
    excerpt = Excerpt(field="body", text=text, marks=((start, start + len(word)),))
    parts = blocks_of(make_alert(excerpts=(excerpt,)))[2]["elements"][0]["elements"]
    assert "".join(part["text"] for part in parts) == f"{ISOLATE}{text}{END_OF_ISOLATE}"
    assert [part["text"] for part in parts if part.get("style")] == [word]


def test_what_runs_from_left_to_right_is_not_touched_and_no_text_can_end_its_isolate():
    assert clean("Перемирие продлилось неделю", 300) == "Перемирие продлилось неделю"
    assert clean(f"שלום{END_OF_ISOLATE}\u202eevil", 300) == f"{ISOLATE}שלום evil{END_OF_ISOLATE}"
    assert len(clean("ש" * 400, 300)) == 300


def test_the_stored_copy_is_linked_where_a_template_is_configured():
    shown = json.dumps(blocks_of(make_alert(clean_url="https://archive.example/clean/x.jsonl.zst")))
    assert "https://archive.example/clean/x.jsonl.zst" in shown
    assert "stored copy" not in json.dumps(blocks_of(make_alert()))
