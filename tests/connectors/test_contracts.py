"""Every connector loads, its mapping fits contract and events, the golden payloads come out."""

import hashlib
import json
from base64 import b64encode
from pathlib import Path

import pytest
from tests.connectors.connector_kit import NAMES, bundle, case_text, emitted, sent, settings_of, soap_request
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from adapters.http.messages import Answer, Refusal
from adapters.rest.rsa_fields import compile_rsa_fields
from hub.contract.binding import Auth
from hub.contract.types import Document, JsonScalar
from hub.delivery.outcomes import compile_rows, judge
from hub.intake.secrecy import violation

GOLDEN = Path(__file__).parent / "golden"
NATIONAL = {"madonvi": "<madonvi>", "dstcode": "VN:GOV:TEST"}
MY = {"customer_code": "T-TEST", "service_code": "CTN009"}


def golden(name: str) -> str:
    """A payload of the acceptance scenarios, keys in their order."""
    return json.dumps(json.loads((GOLDEN / name).read_text(encoding="utf-8")), ensure_ascii=False)


def ordered(body: str) -> str:
    """JSON as written, white space aside."""
    return json.dumps(json.loads(body), ensure_ascii=False)


def of_onestop(flow: str, operation: str, case: str) -> Document:
    """The one event that a report of the one-stop gives."""
    document = soap_request(f"MotCuaBaoCao.{operation}", case_text(f"onestop/{flow}/{case}.in.xml"))
    ((_, event),) = emitted("onestop", flow, document, settings_of("onestop"))
    return event


@pytest.mark.parametrize("name", NAMES)
def test_a_connector_is_accepted_as_it_is(name: str) -> None:
    assert bundle(name).name == name


def test_the_one_stop_speaks_twelve_reports_eight_messages_and_a_question() -> None:
    operations = bundle("onestop").inbound.operations
    reports = [name for name in operations if name.startswith("MotCuaBaoCao.")]
    messages = [name for name in operations if name.startswith("MotCuaTiepNhan.")]
    assert (12, 9) == (len(reports), len(messages))
    assert "MotCuaTiepNhan.TraCuuGiaoDich" in messages


def test_the_portal_speaks_six_resources_in_and_ten_and_a_question_out() -> None:
    assert 6 == len(bundle("portal").inbound.operations)
    assert 11 == len(bundle("portal").outbound.operations)


def test_what_a_citizen_filed_becomes_one_event() -> None:
    filed = {**json.loads(golden("1-portal.json")), "Idempotency_Key": "k"}
    ((name, event),) = emitted("portal", "filed", filed, settings_of("portal"))
    assert "dossier.v1.Received" == name
    assert ("H44.99.99-251013-0001", 1760318100000) == (event["dossier_code"], event["at"])
    told = json.loads(case_text("portal/filed/online_by_post.out.json"))["events"][0]["event"]
    assert told["dossier"]["applicant"]["full_name"] == filed["chuHoSo"]


def test_an_acceptance_reaches_dvcqg_word_for_word() -> None:
    event = of_onestop("accepted", "BaoTiepNhan", "online")
    body = sent("ngsp", "accepted", event, settings_of("ngsp", **NATIONAL))
    assert golden("2-dvcqg.json") == ordered(body)


def test_a_step_reaches_dvcqg_word_for_word() -> None:
    event = of_onestop("progress", "BaoTienDo", "processing")
    body = sent("ngsp", "progress", event, settings_of("ngsp", **NATIONAL))
    assert golden("3-dvcqg.json") == ordered(body)


def test_an_order_reaches_myvnpost_word_for_word() -> None:
    event = of_onestop("postal_order", "DatBuuChinh", "return")
    body = sent("postal_my", "order", event, settings_of("postal_my", **MY))
    assert golden("5-postal_my.json") == ordered(body)


def test_a_delivery_scan_becomes_a_scan_and_a_milestone() -> None:
    (row,) = json.loads(golden("10-postal_my.json"))["data"]
    found = emitted("postal_my", "scans", row, settings_of("postal_my", **MY))
    (_, tracked), (_, delivered) = found
    assert [
        "consignment.v1.ConsignmentTracked",
        "consignment.v1.ConsignmentDelivered",
    ] == [name for name, _ in found]
    assert ("DELIVERED", "14", 1760584500000) == (
        tracked["state"],
        tracked["state_raw"],
        tracked["at"],
    )
    assert ("RETURN", "Nguyễn Văn Mẫu", 1760584500000) == (
        delivered["direction"],
        delivered["received_by"],
        delivered["at"],
    )


def test_a_webhook_is_believed_when_it_signs_the_text_that_vnpost_signs() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    check = compile_rsa_fields(_webhook_auth(key))
    message: Document = json.loads(golden("10-postal_my.json"))
    text = b"MYVNP16/10/2025 10:15:30EB990001015VN14"
    digest = "a5aa6f2228421eeb528e78b03d834fd910a09be008e5e3472a5b1c2c17865eac"
    assert digest == hashlib.sha256(text).hexdigest()
    signature = b64encode(key.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()
    check({**message, "signature": signature})
    with pytest.raises(Refusal):
        check({**message, "signature": signature, "sendDate": "16/10/2025 10:15:31"})


def _webhook_auth(key: rsa.RSAPrivateKey) -> Auth:
    inbound = bundle("postal_my").manifest.inbound
    assert inbound is not None
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Auth("rsa_fields", {**inbound.auth, "key": pem.decode(), "mode": "rsa-sha256"})


@pytest.mark.parametrize("code", [0, "0", "00", " 00 "], ids=repr)
def test_dvcqg_says_yes_in_three_ways(code: JsonScalar) -> None:
    assert "delivered" == _verdict("ngsp", "accepted", {"error_code": code})


@pytest.mark.parametrize("code", [3, "3", -3, "-3"], ids=repr)
def test_what_is_there_already_is_written_again_as_an_update(code: JsonScalar) -> None:
    answer: Document = {"error_code": code, "message": "Hồ sơ ĐÃ TỒN TẠI"}
    assert "again" == _verdict("ngsp", "accepted", answer)
    assert "retry" == _verdict("ngsp", "accepted", {"error_code": code, "message": "Lỗi"})


def test_what_is_missing_is_written_again_as_new() -> None:
    answer: Document = {"error_code": "-2", "message": "Hồ sơ không tồn tại"}
    assert "again" == _verdict("ngsp", "result_ready", answer)
    assert "retry" == _verdict("ngsp", "accepted", answer)


def test_an_expired_session_asks_for_a_login() -> None:
    answer: Document = {"error_code": "-1", "message": "Phiên làm việc không hợp lệ"}
    assert "login" == _verdict("ngsp", "accepted", answer)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ({"Status": 100}, "delivered"),
        ({"Status": 101, "Message": "OK"}, "delivered"),
        ({"Status": True}, "delivered"),
        ({"Status": 102}, "retry"),
        ({"Status": False}, "retry"),
    ],
)
def test_vnpost_accepts_in_several_dialects(answer: Document, verdict: str) -> None:
    assert verdict == _verdict("postal", "order", answer)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ({"orderHdrID": "1", "itemCode": "EB990001015VN"}, "delivered"),
        ({"data": {"itemCode": "EB990001015VN"}}, "delivered"),
        ({"data": None, "message": "Sai mã khách hàng"}, "retry"),
    ],
)
def test_an_order_is_accepted_when_myvnpost_numbers_it(answer: Document, verdict: str) -> None:
    assert verdict == _verdict("postal_my", "order", answer)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ({"Type": "00"}, "delivered"),
        ({"type": "02"}, "delivered"),
        ({"Type": "01", "Message": "Không huỷ được"}, "reject"),
    ],
)
def test_a_cancellation_is_judged_by_its_case(answer: Document, verdict: str) -> None:
    assert verdict == _verdict("postal_my", "cancel", answer)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [("00", "delivered"), ("01", "delivered"), ("02", "reject"), ("03", "retry"), ("99", "retry")],
)
def test_the_one_stop_is_understood(code: str, verdict: str) -> None:
    assert verdict == _verdict("onestop", "filed", {"KetQua": {"Ma": code}})


@pytest.mark.parametrize(
    ("status", "answer", "verdict"),
    [
        (201, {}, "delivered"),
        (409, {"ma": "DA_NHAN"}, "delivered"),
        (409, {"ma": "KHAC"}, "reject"),
        (422, {"ma": "SAI"}, "reject"),
        (404, {"ma": "KHONG_CO"}, "retry"),
        (401, {}, "login"),
        (403, {}, "halt"),
        (503, {}, "system"),
    ],
)
def test_the_portal_is_understood(status: int, answer: Document, verdict: str) -> None:
    assert verdict == _verdict("portal", "accepted", answer, status)


def _verdict(name: str, flow: str, answer: Document, status: int = 200) -> str:
    manifest = bundle(name).manifest
    rows = compile_rows(
        [*manifest.flows[flow].outcomes, *manifest.outbound.outcomes], settings_of(name)
    )
    request: Document = {"body": {"isUpdating": "False"}}
    return judge(rows, Answer(status, answer), request, {}, set()).then


@pytest.mark.parametrize("mark", ["A", "C", "1"])
def test_a_secrecy_mark_is_found_wherever_it_may_stand(mark: str) -> None:
    assert _secret("onestop", {"DoMat": mark})
    assert _secret("onestop", {"HoSo": {"DoMat": mark}})
    assert _secret("portal", {"doMat": mark})


def test_a_line_of_contents_may_say_secret_and_honey_may_not() -> None:
    assert _secret("onestop", {"NoiDung": "Giấy tờ\n(TỐI MẬT)"})
    assert _secret("portal", {"trichYeu": "MẬT"})
    assert not _secret("onestop", {"NoiDung": "MẬT ONG", "DoMat": "0"})


def _secret(name: str, document: Document) -> bool:
    inbound = bundle(name).manifest.inbound
    assert inbound is not None
    assert inbound.secrecy is not None
    return violation(document, inbound.secrecy.marks, inbound.secrecy.texts) is not None
