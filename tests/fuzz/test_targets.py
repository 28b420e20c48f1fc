"""Whatever bytes a reader of strangers' bytes is given: it refuses by a sentence, or it reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.harness import fuzzed
from tests.fuzz.targets import TARGETS

changes = st.lists(
    st.tuples(st.integers(min_value=0), st.integers(0, 9), st.binary(max_size=9)), max_size=4
)


@pytest.mark.parametrize("name", TARGETS)
@fuzzed(40)
@given(st.data())
def test_a_reader_refuses_or_reads(name: str, data: st.DataObject) -> None:
    target, seeds = TARGETS[name]
    read = data.draw(st.sampled_from(seeds) | st.binary(max_size=200))
    for place, length, piece in data.draw(changes):
        at = place % (len(read) + 1)
        read = read[:at] + piece + read[at + length :]

    target(read)


@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_reads_what_is_right(name: str) -> None:
    target, seeds = TARGETS[name]
    for seed in seeds:
        target(seed)
