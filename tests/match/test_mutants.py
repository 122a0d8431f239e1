"""The mutants that `make mutants` seeds still fit the engine: each changes one place of its module."""

import pytest

from tests.match.mutants import ENGINE, MUTANTS, PROJECT


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.what for mutant in MUTANTS])
def test_a_mutant_changes_one_place(mutant):
    source = (PROJECT / ENGINE / mutant.module).read_text()
    assert source.count(mutant.text) == 1
    compile(source.replace(mutant.text, mutant.by), mutant.module, "exec")
