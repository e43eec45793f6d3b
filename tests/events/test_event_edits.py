"""A person's changes to an event that he saw masked."""

from hypothesis import given
from hypothesis import strategies as st

from hub.contract.types import Document
from hub.events import Masks
from hub.events.edits import differences, masked, restored
from tests.events.records import CATALOGUE, STATUS_CHANGED, example

MASKS = Masks(CATALOGUE)
ORDERED = "consignment.v1.ConsignmentOrdered"


def test_what_was_left_alone_is_as_it_was() -> None:
    for name in CATALOGUE.whole:
        original = example(name)
        assert (
            restored(MASKS.mask(name, original), MASKS.mask(name, original), original) == original
        )


def test_a_change_deep_inside_leaves_its_neighbours() -> None:
    original = example(ORDERED)
    shown = MASKS.mask(ORDERED, original)
    sender = shown["sender"]
    assert isinstance(sender, dict)
    sender["name"] = "Nguyễn Văn Mẫu"
    new = restored(shown, MASKS.mask(ORDERED, original), original)
    assert isinstance(new, dict)
    assert differences(original, new) == ["sender.name"]


def test_items_are_compared_from_the_beginning() -> None:
    original: Document = {"names": [{"name": "Mẫu", "n": 1}, {"name": "Thử", "n": 2}]}
    shown: Document = {"names": [{"name": "M.", "n": 1}, {"name": "T.", "n": 2}]}
    more: Document = {"names": [*list(shown["names"]), {"name": "Nháp", "n": 3}]}  # type: ignore[arg-type]  # a list
    less: Document = {"names": [{"name": "M.", "n": 5}]}
    assert restored(more, shown, original) == {
        "names": [{"name": "Mẫu", "n": 1}, {"name": "Thử", "n": 2}, {"name": "Nháp", "n": 3}]
    }
    assert restored(less, shown, original) == {"names": [{"name": "Mẫu", "n": 5}]}


def test_a_mask_that_stands_elsewhere_is_found() -> None:
    shown = MASKS.mask("dossier.v1.StatusChanged", STATUS_CHANGED)
    moved = {**STATUS_CHANGED, "department": shown["note"]}
    assert list(masked(moved)) == ["department"]
    assert list(masked({"a": [{"b": "x•••"}]})) == ["a[0].b"]
    assert list(masked(STATUS_CHANGED)) == []


JSON = st.recursive(
    st.integers(0, 3) | st.sampled_from(["a", "b"]),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from("xyz"), part),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(st.sampled_from("xyz"), JSON)


@given(DOCUMENTS, DOCUMENTS)
def test_differences_are_none_for_equals_alone(old: Document, new: Document) -> None:
    assert (differences(old, new) == []) == (old == new)


@given(DOCUMENTS, DOCUMENTS)
def test_without_masks_a_new_document_is_as_it_was_written(old: Document, new: Document) -> None:
    assert restored(new, old, old) == new
