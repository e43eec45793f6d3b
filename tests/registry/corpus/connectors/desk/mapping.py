"""What the desk is told, and what it tells."""

STATE = {
    "REGISTERED": "OPEN",
    "ACCEPTED": "OPEN",
    "REFUSED": "CLOSED",
    "PROCESSING": "OPEN",
    "SUPPLEMENT_REQUIRED": "WAITS",
    "PAYMENT_REQUIRED": "WAITS",
    "WITHDRAWN": "CLOSED",
    "STOPPED": "WAITS",
    "COMPLETED": "CLOSED",
    "RESULT_RETURNED": "CLOSED",
    "UNKNOWN": "OPEN",
}
SCAN = {"AT_POST": "IN_TRANSIT", "GONE": "DELIVERED"}


def told(event):
    """One step; the adapter fills in the unit."""
    return TellStep(
        dossier=event.dossier_code,
        state=code(STATE, event.status),
        moment=instant_text(event.at),
        day=date_text(date_of(event.at), "dd/MM/yyyy"),
        note=event.note,
        update="no",
    )


def told_in_doubt(event):
    """Whether the desk knows the dossier."""
    return FindStep(dossier=event.dossier_code)


def withdrawn(doc):
    """The citizen wants no more of it."""
    return WithdrawalRequested(
        dossier_code=dossier_code(doc.dossier),
        at=instant(doc.moment),
        origin="PROVINCE",
        reason=doc.reason,
    )


def scans_request():
    """The next page; the cursor is put in."""
    return ReadScans(after="0")


def scans(row):
    """One scan."""
    return ConsignmentTracked(
        dossier_code=dossier_code(row.dossier),
        at=instant(row.moment),
        order_number=row.order,
        state=code(SCAN, row.state),
        state_raw=row.state,
    )
