from icestream.protocols.outvoted import outvoted_words


def test_who_is_outvoted_most_is_named_first() -> None:
    assert outvoted_words([("b",), (), ("a", "b")]) == "; outvoted: b in 2, a in 1"
    assert outvoted_words([(), ()]) == ""
