"""Mappings that mean harm: each is refused quickly, and in one way."""

import sys
import time

import pytest

from hub.mapping.program import MappingErrors, compile_mapping
from tests.mapping.mapping_kit import EMIT, SETTINGS

END = "\ndef flow(doc):\n    return None\n"


def _flow(expression: str) -> str:
    return f"def flow(doc):\n    return Happened(key=doc.key, note={expression})\n"


def _doubling_helpers(count: int) -> str:
    """Each helper calls the next one twice: 2 to the power of `count` calls."""
    lines = [f'def h{n}(x):\n    return f"{{h{n + 1}(x)}}{{h{n + 1}(x)}}"\n' for n in range(count)]
    return "".join([*lines, f"def h{count}(x):\n    return x\n", _flow("h0(doc.key)")])


def _many_kinds() -> str:
    """One large helper, used with ever another kind of argument."""
    body = " + ".join(["[x]"] * 30)
    calls = "\n".join(f'    a{n} = h("{n}")' for n in range(1500))
    return f"def h(x):\n    return count({body})\ndef flow(doc):\n{calls}\n    return None\n"


def _chained_helpers() -> str:
    inner = "(" * 0 + "x"
    lines = [f"def h{n}(x):\n    return [h{n + 1}({inner})]\n" for n in range(190)]
    return "".join([*lines, "def h190(x):\n    return x\n", _flow("count(h0(doc.key))")])


HOSTILE: dict[str, str] = {
    "brackets": _flow("(" * 5000 + ")" * 5000),
    "open brackets": "(" * 200_000,
    "nested lists": _flow("[" * 39 + "]" * 39),
    "nested calls": _flow("trim(" * 60 + "doc.key" + ")" * 60),
    "not not": _flow("not " * 50_000 + "doc.sure"),
    "minus minus": _flow("-" * 50_000 + "1"),
    "long sum": _flow("+".join(["[]"] * 30_000)),
    "long path": _flow("doc" + ".a" * 60_000),
    "long and": _flow(" and ".join(["doc.sure"] * 40_000)),
    "deep conditional": _flow("1 if doc.sure else " * 20_000 + "2"),
    "deep if": "def flow(doc):\n"
    + "".join("  " * n + "  if doc.sure:\n" for n in range(99))
    + "  " * 100
    + "return None\n",
    "elif without end": "def flow(doc):\n    if doc.sure:\n        return None\n"
    + "    elif doc.sure:\n        return None\n" * 6000
    + "    return 5\n",
    "lambda in lambda": _flow("(lambda: " * 30 + "1" + ")" * 30),
    "one long text": _flow('"' + "a" * 200_000 + '"'),
    "a megabyte": _flow('"' + "a" * 1_000_000 + '"'),
    "many names": "a," * 120_000,
    "many lines": "x = 1\n" * 40_000 + END,
    "large table": "T = {" + ",".join(f'"{n}": "{n}"' for n in range(30_000)) + "}" + END,
    "large tuple": "T = (" + ",".join(f'"{n}"' for n in range(30_000)) + ")" + END,
    "empty lines": "\n" * 300_000,
    "long number": _flow("1" * 100_000),
    "float": _flow("1e999999"),
    "complex": _flow("1j"),
    "bytes": _flow('b"a"'),
    "raw": _flow('r"a"'),
    "ellipsis": _flow("..."),
    "unicode name": "def flow(ｄoc):\n    return None\n",
    "homoglyph": "def flow(dос):\n    return None\n",
    "nul": _flow('"a\x00b"'),
    "surrogate": _flow('"\ud800"'),
    "bell": "\x07" + END,
    "form feed": "\x0c" + END,
    "byte order mark": "\ufeff" + END,
    "lone carriage return": "x = 1\ry = 2" + END,
    "line continuation": "x = \\\n1" + END,
    "tab": "def flow(doc):\n\treturn None\n",
    "bad escape": _flow('"\\d"'),
    "name escape": _flow('"\\N{BULLET}"'),
    "octal escape": _flow('"\\777"'),
    "surrogate escape": _flow('"\\ud800"'),
    "open quote": _flow('"abc'),
    "open triple quote": '"""abc' + END,
    "escaped quotes": "'" + "\\'" * 100_000,
    "escaped triple quotes": '"""' + '\\"""' * 50_000,
    "triple quotes": '"""a' * 40_001,
    "odd prefix": _flow('uf"a"'),
    "number and word": _flow("1if doc.sure else 2"),
    "hex": _flow("0xfor x in [1]"),
    "import": "import os" + END,
    "from": "from os import path" + END,
    "dunder import": _flow('__import__("os")'),
    "dunder attribute": _flow("doc.__class__.__mro__"),
    "private attribute": _flow("doc._index"),
    "builtins": _flow("__builtins__"),
    "eval": _flow('eval("1")'),
    "exec": 'exec("1")' + END,
    "getattr": _flow('getattr(doc, "key")'),
    "open": _flow('open("/etc/passwd")'),
    "method": _flow("doc.key.upper()"),
    "format method": _flow('"{0.__class__}".format(doc)'),
    "call of a call": _flow("trim(doc.key)()"),
    "subscript": _flow("doc.words[0]"),
    "slice": _flow("doc.words[:1]"),
    "arithmetic": _flow("doc.count * 9 ** 9 ** 9"),
    "string multiplication": _flow('"a" * 1000000000'),
    "percent": _flow('"%s" % doc.key'),
    "shift": _flow("1 << 999999999"),
    "walrus": _flow("(x := doc.key)"),
    "starred": _flow("joined(*doc.words)"),
    "double starred": "def flow(doc):\n    return Happened(**doc)\n",
    "format spec": _flow('f"{doc.count:999999999}"'),
    "conversion": _flow('f"{doc.key!r}"'),
    "nested f-texts": _flow("f\"{f'{doc.key:{doc.count}}'}\""),
    "debug f-text": _flow('f"{doc.key=!s:>5}"'),
    "lambda": _flow("(lambda: doc.key)()"),
    "generator": _flow("any_of(x for x in doc.words)"),
    "set": _flow("{1, 2}"),
    "dict": _flow('{"a": 1}'),
    "dict comprehension": _flow("{x: x for x in doc.words}"),
    "two fors": _flow("[1 for x in doc.words for y in doc.words]"),
    "async for": "async def flow(doc):\n    return [x async for x in doc.words]\n",
    "await": _flow("await doc"),
    "yield": "def flow(doc):\n    yield 1\n",
    "for": "def flow(doc):\n    for x in doc.words:\n        return None\n",
    "while": "def flow(doc):\n    while True:\n        return None\n",
    "try": "def flow(doc):\n    try:\n        return None\n    except:\n        return None\n",
    "with": "def flow(doc):\n    with doc:\n        return None\n",
    "raise": "def flow(doc):\n    raise doc\n",
    "global": "def flow(doc):\n    global x\n    return None\n",
    "delete": "def flow(doc):\n    del doc\n    return None\n",
    "assert": "def flow(doc):\n    assert doc.sure\n    return None\n",
    "match": "def flow(doc):\n    match doc:\n        case _:\n            return None\n",
    "class": "class A:\n    pass" + END,
    "decorator": "@trim\ndef flow(doc):\n    return None\n",
    "default argument": 'def flow(doc, x="a"):\n    return None\n',
    "star argument": "def flow(*doc):\n    return None\n",
    "annotation": "def flow(doc: str) -> str:\n    return None\n",
    "inner function": "def flow(doc):\n    def g(x):\n        return x\n    return None\n",
    "assignment to a path": "def flow(doc):\n    doc.key = 1\n    return None\n",
    "two targets": "def flow(doc):\n    a, b = doc.words\n    return None\n",
    "augmented": "def flow(doc):\n    doc += 1\n    return None\n",
    "shadowed builtin": "len = 1\nlen = 2" + END,
    "recursion": "def g(x):\n    return g(x)\n" + _flow("g(doc.key)"),
    "mutual recursion": "def g(x):\n    return h(x)\ndef h(x):\n    return g(x)\n"
    + _flow("g(doc.key)"),
    "flow calls itself": _flow("flow(doc)"),
    "doubling helpers": _doubling_helpers(60),
    "helpers of many kinds": _many_kinds(),
    "helpers in a chain": _chained_helpers(),
    "nested comprehensions": _flow(
        "count(" + "[" * 12 + "1" + "".join(f" for x{n} in doc.words]" for n in range(12)) + ")"
    ),
    "table of tables": "T = {'a': {'b': 1}}" + END,
    "table with a call": "T = {'a': trim('b')}" + END,
    "table of several kinds": "T = {'a': 1, 2: 'b'}" + END,
    "unpacked table": "T = {**{}}" + END,
    "endless findings": "def flow(doc):\n"
    + "".join(f"    a{n} = doc.kez{n}\n" for n in range(4000))
    + "    return None\n",
    "endless suggestions": "def flow(doc):\n    return Happened("
    + ", ".join(f"kex{n}=doc.kez{n}" for n in range(3000))
    + ")\n",
    "not Python": "def flow(doc:\n",
    "nothing": "",
}


def _refused(source: str) -> tuple[MappingErrors, float]:
    """What is said, and the seconds of this process alone: the machine may be busy."""
    start = time.process_time()
    with pytest.raises(MappingErrors) as caught:
        compile_mapping(source, "mapping.py", [EMIT], SETTINGS)
    return caught.value, time.process_time() - start


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mapping_is_refused_at_once(name: str) -> None:
    enough = 0.25 if sys.gettrace() is None else 5
    found, elapsed = _refused(HOSTILE[name])
    for _ in range(2):  # the best of three: the collector and the neighbours of the cache take part
        elapsed = min(elapsed, _refused(HOSTILE[name])[1]) if elapsed >= enough else elapsed
    found.render(HOSTILE[name])
    assert found.diagnostics
    assert elapsed < enough, f"{name} took {elapsed:.3f} s"
    assert all(d.what and d.code and d.at for d in found.diagnostics)
