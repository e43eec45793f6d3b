"""VNPost through the national gateway: orders and cancellations go out, scans are read by a cursor.

The table of StatusCode is not published; 4 alone is known, so everything else is UNKNOWN with the
post's own code and words beside it. A scan names our order number; what is not ours gives no event.
"""

STATE = {"4": "DELIVERED"}


def order(event):
    """One consignment. The same OrderNumber sent again is answered "already registered": no harm."""
    return DatDon(
        CustomerCode=setting.customer_code,
        OrderNumber=event.order_number,
        CODAmount=event.cod_vnd,
        SenderProvince=province(event.sender.address, event.at),
        SenderDistrict=setting.district_default,
        SenderAddress=event.sender.address.detail,
        SenderName=event.sender.name,
        SenderEmail=event.sender.email,
        SenderTel=event.sender.phone,
        SenderDesc=event.contents,
        Description=event.contents,
        ReceiverName=event.receiver.name,
        ReceiverAddress=event.receiver.address.detail,
        ReceiverTel=event.receiver.phone,
        ReceiverProvince=province(event.receiver.address, event.at),
        ReceiverDistrict=setting.district_default,
        ReceiverEmail=event.receiver.email,
    )


def cancel(event):
    """Take an order back."""
    return HuyDon(CustomerCode=setting.customer_code, OrderNumber=event.order_number)


def province(where, at):
    """The province that today covers the one of the address, in VNPost's numbering."""
    today = province_now(where.province_code, where.as_of, date_of(at))
    return integer(code(setting.provinces, today, otherwise=today))


def scan_request():
    """The next page; the adapter puts the cursor in."""
    return DocHanhTrinh(pagesize=setting.page_size, lastId="000000000000000000000000")


def scan(row):
    """One scan, and the milestone where the envelope arrived."""
    stripped = dossier_of_order(row.OrderNumber)
    if not is_dossier_code(stripped) and not matches_any(stripped, setting.own_orders):
        return None
    dossier = dossier_code(stripped)
    at = epoch(row.EventTime, setting.event_time)
    item = item_number(row.ItemCode)
    state = code(STATE, text_of(row.StatusCode), otherwise="UNKNOWN")
    tracked = ConsignmentTracked(
        dossier_code=dossier,
        at=at,
        order_number=row.OrderNumber,
        item_code=item,
        state=state,
        state_raw=text_of(row.StatusCode),
        office_code=present(row.POSID),
        note=words(present(row.StatusMessage), present(row.Notes)),
    )
    if state == "DELIVERED":
        return [
            tracked,
            ConsignmentDelivered(
                dossier_code=dossier,
                at=at,
                order_number=row.OrderNumber,
                item_code=item,
                direction=direction_of_order(row.OrderNumber),
            ),
        ]
    return [tracked]


def words(message, notes):
    """What the post wrote, both parts where there are two."""
    if message is None:
        return notes
    if notes is None:
        return message
    return f"{message}: {notes}"
