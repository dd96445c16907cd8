"""Random bytes that are read ahead."""

from eve_meta.server.entropy import READ_BYTES, Entropy


def test_entropy() -> None:
    """Each is as long as it was asked for, and none is told twice."""
    entropy = Entropy()
    counts = [512] * (3 * READ_BYTES // 512) + [1, 0, READ_BYTES, 2 * READ_BYTES, 512]
    told = [entropy(count) for count in counts]

    assert counts == [len(each) for each in told]
    windows = {each[at : at + 16] for each in told for at in range(0, len(each) - 15, 16)}
    assert len(windows) == sum(len(each) // 16 for each in told)


def test_of_their_own() -> None:
    assert Entropy()(32) != Entropy()(32)
