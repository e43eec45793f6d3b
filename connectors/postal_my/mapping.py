"""MyVNPost: orders and cancellations go out, scans come in by a webhook.

Addresses go out in today's communes: MyVNPost knows two levels only, and a code of before
1/7/2025 may name another place now. Where the old commune has several successors, a person decides.
"""

STATE = {
    "0": "DRAFT",
    "1": "CREATED",
    "2": "COLLECTING",
    "3": "COLLECTING",
    "4": "COLLECTING",
    "5": "COLLECTION_FAILED",
    "6": "COLLECTED",
    "7": "COLLECTED",
    "8": "COLLECTION_FAILED",
    "9": "CANCELLED",
    "10": "IN_TRANSIT",
    "11": "AT_DELIVERY_OFFICE",
    "12": "OUT_FOR_DELIVERY",
    "13": "REDIRECTED",
    "14": "DELIVERED",
    "15": "DELIVERY_FAILED",
    "16": "RETURNING",
    "17": "RETURNING",
    "18": "RETURNING",
    "19": "RETURNED",
    "20": "PARTLY_RETURNED",
    "21": "COD_SETTLED",
    "22": "CANCELLED",
    "23": "PARTLY_DELIVERED",
    "24": "RETURNING",
    "28": "FEE_SETTLED",
    "29": "FEE_SETTLED",
}

TWO_LEVELS = "VNPOST"  # what MyVNPost wants as district of an address that has none


def order(event):
    """One consignment; the order number is our own and comes back as saleOrderCode."""
    return CreateOrder(
        orderCreationStatus=1,
        customerCode=setting.customer_code,
        contractCode=setting.contract_code,
        informationOrder=InformationOrder(
            senderName=event.sender.name,
            senderPhone=event.sender.phone,
            senderEmail=event.sender.email,
            senderAddress=event.sender.address.detail,
            senderProvinceCode=province(event.sender.address, event.at),
            senderDistrictCode=TWO_LEVELS,
            senderCommuneCode=commune(event.sender.address, event.at),
            receiverName=event.receiver.name,
            receiverPhone=event.receiver.phone,
            receiverEmail=event.receiver.email,
            receiverAddress=event.receiver.address.detail,
            receiverProvinceCode=province(event.receiver.address, event.at),
            receiverDistrictCode=TWO_LEVELS,
            receiverCommuneCode=commune(event.receiver.address, event.at),
            serviceCode=setting.service_code,
            addonService=cash_on_delivery(event.cod_vnd),
            additionRequest=[],
            orgCodeCollect=None,
            orgCodeAccept=None,
            saleOrderCode=event.order_number,
            contentNote=event.contents,
            weight=f"{event.weight_grams}",
            width=None,
            length=None,
            height=None,
            vehicle="BO",
            sendType="1",
            isBroken="0",
            deliveryTime=None,
            deliveryRequire=None,
            deliveryInstruction=None,
        ),
    )


def order_in_doubt(event):
    """The orders since the day of ours; its saleOrderCode tells whether it is among them."""
    return orders(date_of(event.at), plus_days(date_of(event.at), setting.list_to))


def cancel_ask(event):
    """The orders around the wish: MyVNPost cancels by its own number, which only its list tells."""
    return orders(
        plus_days(date_of(event.at), setting.list_from),
        plus_days(date_of(event.at), setting.list_to),
    )


def cancel(event, answer):
    """Take an order back. An order that MyVNPost does not list cannot be cancelled by us."""
    number = present(
        first(
            [
                default(row.orderHdrID, default(row.originalItemCode, ""))
                for row in answer.results
                if row.saleOrderCode is not None
                if row.saleOrderCode == event.order_number
            ]
        )
    )
    if number is None:
        return reject("MyVNPost không liệt kê đơn này, hoặc không cho số đơn của họ")
    return OrderCancel(OriginalId=number)


def orders(since, until):
    """Orders that changed in a stretch of days."""
    return GetListOrder(
        lastUpdateFrom=date_text(since, "dd-MM-yyyy"),
        lastUpdateTo=date_text(until, "dd-MM-yyyy"),
        size=500,
        page=1,
    )


def commune(where, at):
    """The commune that today covers the one of the address, in MyVNPost's numbering."""
    if where.commune_code is None:
        return reject("địa chỉ không có mã xã: MyVNPost không nhận")
    today = commune_now(where.commune_code, where.as_of, date_of(at))
    return code(setting.communes, today, otherwise=today)


def province(where, at):
    """The province that today covers the one of the address, in MyVNPost's numbering."""
    today = province_now(where.province_code, where.as_of, date_of(at))
    return code(setting.provinces, today, otherwise=today)


def cash_on_delivery(amount):
    """The service "thu hộ", where there is something to collect."""
    if amount == 0:
        return []
    return [AddonService(code="GTG021", propValue=f"PROP0018:{amount}")]


def scans(row):
    """One row of a webhook: a scan, and the milestone where there is one.

    A row whose order number is not ours belongs to another customer of the account.
    """
    if row.saleOrderCode is None:
        return None
    stripped = dossier_of_order(row.saleOrderCode)
    if not is_dossier_code(stripped) and not matches_any(stripped, setting.own_orders):
        return None
    tracked = ConsignmentTracked(
        dossier_code=dossier_code(stripped),
        at=local_time(row.updatedDate, "dd/MM/yyyy HH:mm:ss", "yyyy-MM-dd HH:mm:ss"),
        order_number=row.saleOrderCode,
        item_code=item_number(row.itemCode),
        state=code(STATE, text_of(row.status), otherwise="UNKNOWN"),
        state_raw=text_of(row.status),
        office_code=present(row.orgCode),
        note=present(row.reasonNote),
    )
    return [tracked] + milestone(tracked, row)


def milestone(tracked, row):
    """What a scan ends, as an event of its own; nothing for most scans."""
    direction = direction_of_order(tracked.order_number)
    if tracked.state == "DELIVERED":
        return [
            ConsignmentDelivered(
                dossier_code=tracked.dossier_code,
                at=tracked.at,
                order_number=tracked.order_number,
                item_code=tracked.item_code,
                direction=direction,
                received_by=present(row.receiverReal),
            )
        ]
    if tracked.state == "DELIVERY_FAILED":
        return [
            DeliveryFailed(
                dossier_code=tracked.dossier_code,
                at=tracked.at,
                order_number=tracked.order_number,
                item_code=tracked.item_code,
                direction=direction,
                reason=present(row.reasonNote),
            )
        ]
    if tracked.state == "RETURNED":
        return [
            ConsignmentReturned(
                dossier_code=tracked.dossier_code,
                at=tracked.at,
                order_number=tracked.order_number,
                item_code=tracked.item_code,
                direction=direction,
            )
        ]
    return []


def scans_confirm(row, first):
    """MyVNPost's own word on a row that its signature does not prove.

    The signature covers the first row only; in mode rsa-encrypted anybody who has the public key
    can make one, so what ends a consignment or moves money is asked about there too.
    """
    if not setting.confirm_milestones:
        return None
    if first and setting.signature_mode != "rsa-encrypted":
        return None
    state = code(STATE, text_of(row.status), otherwise="UNKNOWN")
    if first and state not in ["DELIVERED", "RETURNED", "COD_SETTLED"]:
        return None
    return GetOrder(code=row.itemCode)
