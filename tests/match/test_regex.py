"""Regular expressions in every script."""

import pytest

from include.wirewatch.match import Document, QueryError, parse, query_rules

FOUND = {
    r"/санкци\w+/": ("новые санкции", "санкции"),
    r"/(?:^|\W)перемир\w*/": ("о перемирии", " перемирии"),
    r"/\d+ дней/": ("٣٠ дней", "٣٠ дней"),
    r"/peace\stalks/": ("peace\u00a0talks", "peace\u00a0talks"),
    r"/[\w'’]+ям/": ("об’єктам і перемир’ям", "перемир’ям"),
    r"/[^\w\s]/": ("так, ні", ","),
    r"/a\D+b/": ("a за b", "a за b"),
    r"/a[\D]b/": ("1ажb aжb", "aжb"),
    r"/a\Wb/": ("aжb a–b", "a–b"),
    r"/\S+/": ("\u2003так\u00a0ні", "так"),
    r"/\\w/": ("жw \\w", "\\w"),
    r"/\Q\w\E/": ("жw \\w", "\\w"),
    r"/[[:alpha:]]+й/": ("жxй", "xй"),
    r"/[]\w]+/": ("…]ж]", "]ж]"),
    r"/\bceasefire\b/": ("ceasefires, ceasefire", "ceasefire"),
}


@pytest.mark.parametrize(("query", "text", "found"), [(q, *row) for q, row in FOUND.items()], ids=FOUND)
def test_classes_know_the_letters_digits_and_spaces_of_every_script(query, text, found):
    matches = query_rules(query).match(Document("", text))
    assert [hit.text for match in matches for hit in match.hits][:1] == ([found] if found else [])


@pytest.mark.parametrize(
    ("query", "column", "message"),
    [
        (r"/\bсанкци/", 2, r"write (?:^|\W) before a word"),
        (r"truce OR /санкци\b/", 17, "\\b knows ASCII letters only"),
        (r"/x[a\W]/", 5, "outside of the brackets"),
        ("/a[b/", 1, "not a regular expression"),
    ],
)
def test_what_cannot_be_said_for_every_script_is_refused_at_its_column(query, column, message):
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert message in str(caught.value)
    assert caught.value.offset + 1 == column
