"""What the checker itself gives a meaning: these read as functions, and depend on kinds.

They are declared here for their names and their reference; the code is in the checker.
"""

from hub.errors import Reject
from hub.mapping.functions.declare import AnyValue, function


@function(form=True)
def code(TABLE: AnyValue, key: AnyValue, otherwise: AnyValue = None) -> AnyValue:  # noqa: N803 - shown so
    """The value that a table of this mapping gives for a key.

    Over an enumerated key the table must have every value, unless `otherwise=` says what the rest
    becomes; over a free text or number `otherwise=` is needed. A value None means absent. The
    table may also be a setting of type map. `otherwise=reject("…")` is allowed.

    Example: code(STATUS, fold(doc.TrangThai), otherwise="UNKNOWN")
    """
    raise AssertionError(TABLE, key, otherwise)


@function(form=True)
def default(value: AnyValue, instead: AnyValue) -> AnyValue:
    """The value, or `instead` where it is absent.

    Example: default(doc.GhiChu, "")
    """
    raise AssertionError(value, instead)


@function(form=True)
def reject(why: AnyValue) -> AnyValue:
    """Refuse this message for ever, with a reason.

    The reason is a literal, so that no personal value gets into it.

    Example: return reject("thành phần hồ sơ không có mã")
    """
    raise Reject(str(why))


@function(form=True)
def todo(wanted: AnyValue) -> AnyValue:
    """A hole: what only a person can decide. It stands where any value may, and is never live.

    The check names every hole, with the kind of value that is wanted there and what could be meant.
    `hub connector new` writes one for each field that it cannot fill.

    Example: todo("the fee, in VND, without tax")
    """
    raise AssertionError(wanted)
