"""What a broker sent to the records that the rest of the hub reads.

kafka-python reads a record with a call for each length and each header, and makes three objects of
it before ours: half of what a gateway's index needed for a record (ops/bench/README.md).
What it does before and around that (checksums, compression, positions) is left to it.
Source: https://kafka.apache.org/documentation/#recordbatch.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError
from kafka.record import MemoryRecords
from kafka.record.util import decode_varint

from hub.broker.batches import MAGIC
from hub.records import Headers, Record

_LONG = 0x81  # bits of a length's first byte: another follows, or it is negative


def read_by_us(consumer: KafkaConsumer) -> None:
    """From now on its polls give our records."""
    consumer._fetcher.PartitionRecords = _Fetched  # noqa: SLF001 - there is no public way


class _Fetched(Fetcher.PartitionRecords):  # type: ignore[misc]  # the library has no hints
    """What was fetched of one partition, read as it is taken."""

    def _unpack_records(
        self, tp: TopicPartition, records: MemoryRecords, *_: object
    ) -> Iterator[Record]:
        while (batch := records.next_batch()) is not None:
            if not batch.validate_crc():
                raise CorruptRecordError(f"the batch at {tp} {batch.base_offset}: its checksum")
            if batch.magic == MAGIC:
                self.leader_epoch = batch.leader_epoch
            try:
                for record in (_read if batch.magic == MAGIC else _read_old)(tp, batch):
                    self.next_fetch_offset = record.offset + 1
                    yield record
            except (ValueError, IndexError) as error:
                raise CorruptRecordError(f"the batch at {tp} {batch.base_offset}") from error
            self.bytes_read += batch.size_in_bytes
            if batch.magic == MAGIC:  # its last records may have been compacted away
                self.next_fetch_offset = batch.next_offset
        self.drain()


def _read(tp: TopicPartition, batch: Any) -> Iterator[Record]:
    """The records of a batch. Raises ValueError, IndexError behind those that can be read."""
    if batch.is_control_batch:  # the end of a transaction
        return
    iter(batch)  # is uncompressed by this
    raw, pos = bytes(batch._buffer), batch._pos  # noqa: SLF001 - there is no public way
    topic, partition = tp
    appended = batch.max_timestamp if batch.timestamp_type else None
    for _ in range(batch.records_count):
        size, begin = decode_varint(raw, pos)
        _, pos = decode_varint(raw, begin)  # attributes, which say nothing
        later, pos = decode_varint(raw, pos)
        delta, pos = decode_varint(raw, pos)
        key, pos = _blob(raw, pos)
        value, pos = _blob(raw, pos)
        headers, pos = _headers(raw, pos)
        if pos != begin + size:
            raise ValueError("a record is not as long as it says")
        time = batch.first_timestamp + later if appended is None else appended
        yield Record(topic, partition, batch.base_offset + delta, time, key, value, headers)
    if pos != len(raw):
        raise ValueError("bytes are left behind the last record, or missing")


def _read_old(tp: TopicPartition, batch: Any) -> Iterator[Record]:
    """The records of a message set, as logs from before 2017 have them: they have no headers."""
    for one in batch:
        if not one.validate_crc():
            raise ValueError("a record fails its checksum")
        yield Record(tp.topic, tp.partition, one.offset, one.timestamp, one.key, one.value, ())


def _headers(raw: bytes, pos: int) -> tuple[Headers, int]:
    """Kafka lets a header have no value, which is an empty one here."""
    count, pos = decode_varint(raw, pos)
    if count < 0:
        raise ValueError("fewer headers than none")
    found = []
    for _ in range(count):
        size = raw[pos]
        if size & _LONG:
            long, pos = _blob(raw, pos)
            if long is None:
                raise ValueError("a header without a name")
            name = long.decode()
        else:  # as nearly always; what `_blob` does, without the call
            begin = pos + 1
            pos = begin + (size >> 1)
            name = _name(raw[begin:pos])
        size = raw[pos]
        if size & _LONG:
            text, pos = _blob(raw, pos)
            found.append((name, text or b""))
        else:
            begin = pos + 1
            pos = begin + (size >> 1)
            found.append((name, raw[begin:pos]))
    return tuple(found), pos


def _blob(raw: bytes, pos: int) -> tuple[bytes | None, int]:
    """Bytes behind their length, and where they end; a negative length stands for none."""
    size, begin = decode_varint(raw, pos)
    if size < 0:
        return None, begin
    return raw[begin : begin + size], begin + size


@lru_cache(maxsize=256)  # the hub knows some twenty; what is cached has at most 63 bytes
def _name(raw: bytes) -> str:
    return raw.decode()
