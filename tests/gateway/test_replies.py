"""A system is told what the manifest says, in its own words and types."""

import pytest

from hub.contract.types import Value
from hub.gateway.replies import Said, compile_replies
from hub.registry.manifest_flow import Reply
from hub.registry.manifest_words import Told
from hub.registry.yaml_file import Plain

DOCUMENT: dict[str, Value] = {"MaHoSo": "H44", "so": 7, "trong": {"ma": "B"}, "co": True}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("OK", "OK"),
        (0, 0),
        (True, True),
        (None, None),
        ("{doc.MaHoSo}", "H44"),
        ("{doc.so}", 7),
        ("{doc.co}", True),
        ("{doc.trong.ma}", "B"),
        ("{doc.khongCo}", ""),
        ("{doc.MaHoSo}| Đã nhận {doc.so}", "H44| Đã nhận 7"),
        ("{doc.khongCo}|", "|"),
        ("{count}", 3),
        ("{count} rows: {reason}", "3 rows: late"),
        ("{unknown}", "{unknown}"),
        ("{{doc.so}}", "{7}"),
        (["{count}", {"y": "{doc.so}"}], [3, {"y": 7}]),
    ],
)
def test_a_placeholder_gives_the_value_or_its_text(template: Plain, expected: object) -> None:
    reply = compile_replies({"conflict": Reply(409, {"x": template})}, {})["conflict"]
    assert reply.body(Said(DOCUMENT, "late", 3)) == {"x": expected}
    assert reply.status == 409


def test_what_a_document_says_is_never_a_template() -> None:
    reply = compile_replies({"conflict": Reply(409, {"x": "{doc.a} {reason}"})}, {})["conflict"]
    assert reply.body(Said({"a": "{reason}{count}"}, "why")) == {"x": "{reason}{count} why"}


def test_a_flows_own_row_comes_before_the_connectors() -> None:
    general: dict[Told, Reply] = {"accepted": Reply(200, {"a": 1}), "rejected": Reply(400, None)}
    rows = compile_replies(general, {"accepted": Reply(201, None)})
    assert (rows["accepted"].status, rows["accepted"].body(Said({}))) == (201, None)
    assert rows["secret"].status == 400
    assert rows["duplicate"].status == 201


def test_what_has_a_row_of_its_own_falls_back_to_nothing() -> None:
    general: dict[Told, Reply] = {
        "accepted": Reply(200, None),
        "duplicate": Reply(208, None),
        "rejected": Reply(400, None),
        "secret": Reply(403, None),
    }
    rows = compile_replies(general, {})
    assert {name: row.status for name, row in rows.items()} == {
        "accepted": 200,
        "duplicate": 208,
        "rejected": 400,
        "secret": 403,
    }
    assert compile_replies({}, {}) == {}
