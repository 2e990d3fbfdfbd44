"""Keys are the same for the same work and differ for any other."""

from icestream.model import content_key, source_key, task_key


def test_order_of_names_does_not_matter() -> None:
    assert content_key({"a": 1, "b": [1, 2]}) == content_key({"b": [1, 2], "a": 1})


def test_each_part_of_a_task_changes_its_key() -> None:
    base = ("ctf.estimate", 1, {"defocus_max": 4.0}, {"micrograph": "k1"})
    others = [
        ("ctf.other", 1, {"defocus_max": 4.0}, {"micrograph": "k1"}),
        ("ctf.estimate", 2, {"defocus_max": 4.0}, {"micrograph": "k1"}),
        ("ctf.estimate", 1, {"defocus_max": 3.0}, {"micrograph": "k1"}),
        ("ctf.estimate", 1, {"defocus_max": 4.0}, {"micrograph": "k2"}),
        ("ctf.estimate", 1, {"defocus_max": 4.0}, {"other": "k1"}),
    ]
    keys = {task_key(*arguments) for arguments in [base, *others]}
    assert len(keys) == 6
    assert task_key(*base) == task_key(*base)


def test_order_within_a_batch_matters() -> None:
    assert task_key("p", 1, {}, {"x": ["a", "b"]}) != task_key("p", 1, {}, {"x": ["b", "a"]})


def test_a_replaced_file_has_another_key() -> None:
    assert source_key("a.tiff", 10, 1) != source_key("a.tiff", 11, 1)
    assert source_key("a.tiff", 10, 1) != source_key("a.tiff", 10, 2)
