"""Records that are made without a check are like those that are checked."""

import pickle

from include.wirewatch.models import Hit, RuleMatch

HIT = {"field": "body", "start": 4, "end": 9, "text": "truce", "term": "truce"}
MATCH = {"rule": "r", "severity": "low", "tags": ("t",), "score": 9, "score_parts": {"title": 9}}


def test_a_made_record_is_the_record():
    made = RuleMatch.made({**MATCH, "hits": (Hit.made(dict(HIT)),)})
    checked = RuleMatch.model_validate({**MATCH, "hits": [HIT]})
    assert made == checked
    assert repr(made) == repr(checked)
    assert made.model_dump_json() == checked.model_dump_json()
    assert made.model_dump(exclude_unset=True) == checked.model_dump(exclude_unset=True)
    assert pickle.loads(pickle.dumps(made)) == checked
    assert made.model_copy(update={"score": 1}) == checked.model_copy(update={"score": 1})
    assert made.model_fields_set == checked.model_fields_set
    assert hash(made.hits[0]) == hash(checked.hits[0])
