"""Contents of bad bundles that are better made than written out, by their names in bad.yaml."""

import io
import stat
import zipfile

from hub.registry.upload import packed

Files = dict[str, bytes]
LEVELS = 30  # each twice the one below: 2**30 in all


def deep_yaml(old: bytes) -> bytes:
    return old.replace(b"title: Service desk", b"title: " + b"[" * 500 + b"]" * 500)


def private_key(_: bytes) -> bytes:
    """The frame alone: there is no key in it."""
    kind = "PRIVATE KEY"
    return f"-----BEGIN {kind}-----\nbm8ga2V5\n-----END {kind}-----\n".encode()


def giant_enum(old: bytes) -> bytes:
    """A hundred thousand states, of which the mapping's table has two."""
    words = ", ".join(f"S{number}" for number in range(100_000))
    return old.replace(b"enum: [AT_POST, GONE]", f"enum: [AT_POST, GONE, {words}]".encode())


def tower(old: bytes) -> bytes:
    """Schemas that each hold the next one twice."""
    floors = "".join(
        f"    F{n}:\n      type: object\n      properties:\n"
        f'        a: {{$ref: "#/components/schemas/F{n + 1}"}}\n'
        f'        b: {{$ref: "#/components/schemas/F{n + 1}"}}\n'
        for n in range(LEVELS)
    )
    top = '        weight: {$ref: "#/components/schemas/F0"}\n'
    grown = old.replace(b"        weight: {type: integer}\n", top.encode())
    return grown + floors.encode() + f"    F{LEVELS}: {{type: string}}\n".encode()


def laughs(old: bytes) -> bytes:
    """Entities that each hold the one before ten times."""
    entities = ['<!ENTITY e0 "ha">']
    entities += [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)]
    head = f"<!DOCTYPE xs:schema [{''.join(entities)}]>"
    return old.replace(b'<?xml version="1.0" encoding="UTF-8"?>', head.encode())


def nested(old: bytes) -> bytes:
    return old.replace(b"note=event.note", b"note=" + b"(" * 5_000 + b"event.note" + b")" * 5_000)


def multiplying(old: bytes) -> bytes:
    """Helpers that each call the next one four times."""
    helpers = "".join(
        f'\n\ndef h{n}(x):\n    return f"{{h{n + 1}(x)}}{{h{n + 1}(x)}}{{h{n + 1}(x)}}"\n'
        for n in range(14)
    )
    last = "\n\ndef h14(x):\n    return x\n"
    changed = old.replace(b"state_raw=row.state", b"state_raw=h0(row.state)")
    return changed + helpers.encode() + last.encode()


def giant_table(old: bytes) -> bytes:
    """As many rows as go into a bundle."""
    rows = "\n".join(f'    "k{number}": "v",' for number in range(40_000))
    return old + f"\nMORE = {{\n{rows}\n}}\n".encode()


def latin1(old: bytes) -> bytes:
    return old.replace(b"What the desk", "Điều phải báo".encode("utf-16"))


# ---- whole uploads


def bomb(files: Files) -> bytes:
    """A hundred megabytes of nothing, in a hundred kilobytes."""
    return packed({**files, "contract/more.xsd": b"\0" * 100_000_000})


def traversal(files: Files) -> bytes:
    return packed({**files, "../../connectors/portal/mapping.py": b"x"})


def absolute(files: Files) -> bytes:
    return packed({**files, "/etc/cron.d/hub": b"x"})


def symlink(files: Files) -> bytes:
    whole = io.BytesIO(packed(files))
    with zipfile.ZipFile(whole, "a") as archive:
        link = zipfile.ZipInfo("contract/link.yaml")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return whole.getvalue()


def twice(files: Files) -> bytes:
    """The second one differs: a reader that takes the first would check another file."""
    hidden = packed({**files, "mapping.pY": files["mapping.py"] + b"\nX = 1\n"})
    return hidden.replace(b"mapping.pY", b"mapping.py")


def capitals(files: Files) -> bytes:
    return packed({**files, "Mapping.py": b"x = 1\n"})


def cut(files: Files) -> bytes:
    return packed(files)[:-200]


def many(files: Files) -> bytes:
    return packed({**files, **{f"cases/told/c{n}.in.json": b"{}" for n in range(600)}})
