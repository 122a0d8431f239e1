"""What is not in the language: refused at the right column, with words that help."""

import pytest

from include.wirewatch.match import QueryError, parse

# query, column of the mistake (from 1), part of the message
ERRORS = [
    ("", 1, "empty query"),
    ("   ", 1, "empty query"),
    ("ceasefire talks", 11, 'phrase "ceasefire talks", ceasefire AND talks, or ceasefire OR talks?'),
    ("ceasefire AND peace talks", 21, "side by side"),
    ('"peace talks" ceasefire', 15, "side by side"),
    ('ceasefire "peace talks"', 11, "AND or OR"),
    ("ceasefire (talks OR truce)", 11, "side by side"),
    ("(talks) (truce)", 9, "side by side"),
    ("@list ceasefire", 7, "side by side"),
    ('talks"truce"', 6, "side by side"),
    ("lang:en uk AND truce", 9, "side by side"),
    ("ceasefire and talks", 11, "the operator is AND"),
    ("ceasefire or talks", 11, "the operator is OR"),
    ("ceasefire not talks", 11, "the operator is NOT"),
    ("ceasefire near talks", 11, "the operator is NEAR"),
    ("ceasefire near/5 talks", 11, "write NEAR/5"),
    ("ceasefire && talks", 11, "write AND"),
    ("ceasefire || talks", 11, "write OR"),
    ("ceasefire -talks", 11, "write NOT talks"),
    ("+ceasefire", 1, "means nothing here"),
    ("a AND b OR c", 9, "mixed"),
    ("a OR b AND c", 8, "mixed"),
    ("a OR b NOT c", 8, "mixed"),
    ("a NOT b OR c", 9, "mixed"),
    ("a NEAR/2 b AND c OR d", 18, "mixed"),
    ("AND a", 1, "without a term before it"),
    ("a AND", 3, "needs a term after it"),
    ("a AND OR b", 7, "after AND"),
    ("a OR OR b", 6, "after OR"),
    ("a NEAR/3", 3, "needs a term after it"),
    ("a NOT", 3, "needs a term after it"),
    ("NOT NOT a", 5, "not expected"),
    ("(a OR) AND b", 4, "needs a term after it"),
    ("a NEAR b", 3, "NEAR needs a distance, e.g. NEAR/5"),
    ("a ONEAR b", 3, "ONEAR needs a distance"),
    ("a NEAR/ b", 3, "NEAR needs a distance"),
    ("a NEAR/x b", 8, "needs a number"),
    ("a NEAR/-1 b", 8, "needs a number"),
    ("a NEAR/99999 b", 8, "more than 1000"),
    ("a NEAR/2 b NEAR/2 c", 12, "does not chain"),
    ("NOT a NEAR/2 b", 7, "NOT binds tighter"),
    ("(a AND b) NEAR/2 c", 2, "takes words, phrases and ORs"),
    ("title:a NEAR/2 b", 1, "takes words, phrases and ORs"),
    ("/ab+/ NEAR/2 b", 1, "not a regular expression"),
    ("ATLEAST/3 a", 1, "needs parentheses"),
    ("ATLEAST(a)", 1, "ATLEAST needs a count"),
    ("ATLEAST/0(a)", 1, "holds always"),
    ("ATLEAST/3(a AND b)", 11, "takes words, phrases and ORs"),
    ("ATLEAST/3()", 10, "empty parentheses"),
    ("SAME/paragraph(a, b)", 1, "SAME/sentence"),
    ("SAME/sentence a", 1, "needs parentheses"),
    ("SAME/sentence(a)", 16, "needs two operands"),
    ("SAME/sentence(a, NOT b)", 18, "takes words, phrases and ORs"),
    ("a, b", 2, "comma"),
    ("(a OR b", 1, "unclosed ("),
    ("a AND (b OR (c AND d)", 7, "unclosed ("),
    ("a)", 2, ") without ("),
    ("()", 1, "empty parentheses"),
    ('"peace talks', 1, "unclosed quote"),
    ('peace AND talks"', 16, "unclosed quote"),
    ('""', 1, "empty phrase"),
    ('"  "', 1, "empty phrase"),
    ('"..."', 2, "nothing to look for"),
    ("a AND …", 7, "nothing to look for"),
    ("{UN", 1, "unclosed {"),
    ("{}", 1, "empty { }"),
    ("{Sanction*}", 10, "no * inside { }"),
    ("UN}", 3, "stray }"),
    ("*fire", 1, "* cannot begin a word"),
    ("ceasefire AND *", 15, "* cannot begin a word"),
    ("cease*fire", 6, "* inside a word"),
    ("sanction**", 9, "* inside a word"),
    ("ab*", 1, "at least 3 letters before it, got 2"),
    ('"peace ab*"', 8, "at least 3 letters"),
    ("a?", 1, "at least 2 letters"),
    ("truce AND source:bbc*", 21, "a value is compared whole; in quotes"),
    ("truce AND lang:en,de", 18, "several values are lang:(a OR b)"),
    ("truce AND tag:(a OR b,c)", 22, "several values are tag:(a OR b)"),
    ("truce AND url:/world/*", 22, "compared as it stands"),
    ('(a OR b ")"', 10, "nothing to look for"),
    ("（a OR b", 1, "unclosed ("),
    ("停火 NOT （a AND b OR c）", 17, "mixed without parentheses"),
    ("truce OR [a OR b]", 10, "write ( )"),
    ("a AND b]", 8, "write ( )"),
    ("ceasefire|truce", 10, "write OR"),
    ("???", 1, "letters beside it"),
    ("停?火", 2, "does not work in this script"),
    ('"a b"~', 6, "needs a number of words"),
    ('"a b"~x', 6, "needs a number of words"),
    ("a~3", 2, "it follows a phrase"),
    ("headline:truce", 1, "unknown field headline:"),
    ("Title:truce", 1, "did you mean title:?"),
    ("truce AND https://news.example/a", 11, "unknown field https:"),
    ("title:", 1, "needs a term after it"),
    ("lang: AND truce", 7, "AND"),
    ("truce AND lang:(en AND de)", 20, "joined by OR"),
    ('truce AND lang:""', 16, "empty value"),
    ("title:(a OR body:b)", 13, "inside another field"),
    ("truce AND @", 11, "needs the name of a list"),
    ("/truce", 1, "unclosed /"),
    ("//", 1, "empty regular expression"),
    ("truce OR /(a/", 10, "not a regular expression"),
    ("/a*/", 1, "matches the empty text"),
    ("NOT truce", 1, "no positive term"),
    ("lang:en", 1, "no positive term"),
    ("lang:en AND NOT truce", 1, "no positive term"),
    ("truce OR NOT talks", 10, "no positive term"),
    ("truce OR lang:en", 10, "no positive term"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "column", "message"), ERRORS, ids=[query or "empty" for query, _, _ in ERRORS])
def test_a_mistake_is_refused_at_its_column(query, column, message):
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert message in str(caught.value)
    assert caught.value.offset + 1 == column


def test_there_are_sixty_of_them():
    assert len({query for query, _, _ in ERRORS}) >= 60


def test_columns_count_code_points_not_bytes_or_utf16_units():
    with pytest.raises(QueryError) as caught:
        parse("𝐚 AND перемир'я AND (")
    assert caught.value.offset == 20
