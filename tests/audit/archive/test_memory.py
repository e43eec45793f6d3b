"""What a long day takes of the auditor's memory: the same for any number of rows."""

import subprocess
import sys
from pathlib import Path

ROWS = 200_000
MOST = 60.0  # MB beyond what one seal took; sorting all rows at once takes 90
DAY = f"""
import sys
from pathlib import Path
from random import Random

from hub.allocator import stay_small
from hub.audit.archive.lookup import merge_lookups, write_lookup
from hub.audit.archive.parquet import merge_rows, write_rows
from hub.audit.archive.rows import Row
from hub.audit.archive.writer import RECORDS

stay_small()
draw, folder = Random(1), Path(sys.argv[1])


def row(number):
    code = f"H44.99.99-251013-{{draw.randrange({ROWS // 4}):06}}"
    ident = f"{{draw.getrandbits(128):032x}}"
    segment = f"avro/hub.dossier/0/2025-10-13/{{number // RECORDS:018}}.avro"
    return Row(number, "hub.dossier", 0, number, "event", code, "onestop", "StatusChanged", ident,
        says=f"PROCESSING {{number}}", segment=segment, start=number * 800, length=800)


def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def kept(name, raw):
    (folder / name).write_bytes(raw)
    return folder / name


search, lookup = [], []
for first in range(0, {ROWS}, RECORDS):
    rows = [row(number) for number in range(first, first + RECORDS)]
    search.append(kept(f"{{first}}.parquet", write_rows(rows, folder)))
    lookup.append(kept(f"{{first}}.rows", write_lookup(rows)))
    if not first:
        before = peak()
del rows
sealed = peak()
for number, raw in enumerate(merge_rows(search, folder)):
    kept(f"merged-{{number}}.parquet", raw)
for number, raw in enumerate(merge_lookups(lookup)):
    kept(f"merged-{{number}}.rows", raw)
print(sealed - before, peak() - before)
"""


def test_neither_seals_nor_a_merge_take_more_for_more_rows(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DAY, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seals, merged = map(float, done.stdout.split())
    assert seals < MOST / 4, "a seal leaves something behind"
    assert merged < MOST
