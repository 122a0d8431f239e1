"""What is remembered is bounded, whatever the texts."""

import pytest

from include.wirewatch.remembered import Remembered


def test_an_answer_is_worked_out_once():
    asked = []
    answers = Remembered(lambda text: asked.append(text) or len(text))
    assert list(map(answers.__getitem__, ["ab", "abc", "ab"])) == [2, 3, 2]
    assert asked == ["ab", "abc"]


@pytest.mark.parametrize(("length", "count"), [(1_000_000, 10), (6, 300_000)], ids=["few long ones", "many short ones"])
def test_the_texts_stay_within_the_limit(length, count):
    answers = Remembered(len)
    for number in range(count):
        assert answers[f"{number:0{length}}"] == length
    assert 0 < len(answers) * (length + 24) <= Remembered.LIMIT
