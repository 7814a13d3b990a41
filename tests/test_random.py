"""Streams: blocks, calls and seeds are independent, and repeat."""

import numpy as np
import pytest

from skgen._random import SampleStream, block_generator, claim_stream, generator_from, seed_from


def test_streams_repeat_and_differ():
    first = block_generator(1, 2, 3).random(4)
    np.testing.assert_array_equal(first, block_generator(1, 2, 3).random(4))
    others = [block_generator(*key).random(4) for key in ((2, 2, 3), (1, 3, 3), (1, 2, 4))]
    assert all((first != other).all() for other in others)


def test_no_seed_is_a_fresh_one():
    assert seed_from(None) != seed_from(None)
    assert seed_from(3) == seed_from(3) != seed_from(4)
    assert generator_from(3).random() == generator_from(3).random()


def test_global_state_is_left_alone():
    before = np.random.get_state()[1].copy()
    generator_from(None), seed_from(0)
    np.testing.assert_array_equal(before, np.random.get_state()[1])


def test_claims_advance_the_stream_unless_a_seed_is_stated():
    stream = SampleStream(9)
    assert [claim_stream(stream, None) for _ in range(2)] == [(9, 1), (9, 2)]
    assert claim_stream(stream, 5) == (seed_from(5), 0)
    assert stream.call == 2
    assert SampleStream.from_state(stream.to_state()).next_call() == 3


def test_negative_seeds_are_refused():
    with pytest.raises(ValueError):
        seed_from(-1)
