"""A small hub's evidence, made as the auditor makes it: records, keys, logs, rounds, a package."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from hub.audit.checkpoint import Head, Round, log_name, sign_round
from hub.audit.leaf import encode, hash_of, salt_of, scope_of
from hub.audit.merkle import in_memory, root
from hub.audit.note import Signer, make_signer
from hub.audit.package import Disclosed, PackageWriter
from hub.audit.verify import GAP_HASH, PublicKey
from hub.records import Record, Spot

NAME = "hub-3fa9c2d1"
SIGNER = make_signer(NAME, b"s" * 32)
WITNESS = make_signer("thanh-tra.example/w1", b"w" * 32, witness=True)
SPOTS = (Spot("hub.dossier", 0), Spot("hub.dossier", 1), Spot("hub.receipt", 0))
GAP_AT = 7  # the offset of every log at which the broker held nothing
SECOND = 1_767_322_800


def record(spot: Spot, offset: int) -> Record:
    """Fictional, and the same whenever it is asked for."""
    code = f"000.00.00.H62-260102-{offset % 5:04}".encode()
    value = b"\x00\x00\x00\x00\x01" + f"{spot.topic} {spot.partition} {offset}".encode() * 3
    headers = (("ce_id", sha256(value).hexdigest()[:32].encode()), ("hub_flow", b"progress"))
    return Record(*spot, offset, SECOND * 1000 + offset, code, value, headers)


def key_of(scope: str) -> bytes:
    return sha256(b"key of " + scope.encode()).digest()


def content(one: Record) -> Disclosed:
    key = key_of(scope_of(one).text)
    return Disclosed(salt_of(key, *one[:3]), encode(one))


def leaf_of(one: Record | None) -> bytes:
    return GAP_HASH if one is None else hash_of(one, key_of(scope_of(one).text))


@dataclass(frozen=True)
class Evidence:
    """Logs by partition: the record at each offset, None where there is none."""

    logs: Mapping[Spot, Sequence[Record | None]]
    signer: Signer = SIGNER

    def leaves(self, spot: Spot) -> list[bytes]:
        return [leaf_of(one) for one in self.logs[spot]]

    def round(self, part: float = 1.0, seconds: int = SECOND) -> Round:
        """What was signed when the logs had that part of their leaves."""
        heads = {}
        for spot, log in self.logs.items():
            leaves = self.leaves(spot)[: int(len(log) * part)]
            heads[spot] = Head(len(leaves), root(len(leaves), in_memory(leaves)))
        return sign_round(heads, seconds, [self.signer])

    def package(self, folder: Path, rounds: Sequence[Round], *, first: bool = False) -> Path:
        """Write it: from the beginning, or from the `first` round, to the last one."""
        writer = PackageWriter(folder, rounds[-1].heads, SIGNER.public.text + "\n")
        for spot in self.logs:
            points = [point for one in rounds if (point := one.checkpoint(spot)) is not None]
            begin = points[0].size if first else 0
            notes = [one.logs[log_name(spot)] for one in rounds]
            leaves = self.leaves(spot)
            with writer.log(spot, begin, in_memory(leaves), notes) as entries:
                for one in self.logs[spot][begin : points[-1].size]:
                    if one is None:
                        entries.gap()
                    else:
                        entries.record(leaf_of(one), content(one))
        writer.finish()
        return folder


def evidence(count: int = 40) -> Evidence:
    """Three logs, of `count` leaves and some more."""
    return Evidence(
        {
            spot: [
                None if offset == GAP_AT else record(spot, offset)
                for offset in range(count + 3 * number)
            ]
            for number, spot in enumerate(SPOTS)
        }
    )


def public(*signers: Signer) -> list[PublicKey]:
    return [signer.public for signer in signers]
