"""`hub access`, and who decides where people are known."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub.cli.main import app
from tests.access.sso import sso
from tests.cli.desk import Desk, open_desk

BECAUSE = ("--because", "bảng mã đã sửa")


@dataclass
class People:
    """A file of people, and their tokens beside it."""

    home: Path

    @property
    def file(self) -> Path:
        return self.home / "people.yaml"

    def run(self, *words: str, who: str | None = None) -> Result:
        return CliRunner().invoke(app, ["access", *words], env=self.environment(who))

    def environment(self, who: str | None) -> dict[str, str]:
        known = {"HUB_ACCESS": str(self.file)} if self.file.exists() else {}
        token = {"HUB_TOKEN": f"file:{self.home}/{who}.token"} if who else {"HUB_TOKEN": ""}
        return {"HUB_HOME": str(self.home), "HUB_ACCESS": "", **known, **token}

    def add(self, name: str, role: str, *more: str) -> None:
        done = self.run("token", name, "--role", role, "--to", f"{self.home}/{name}.token", *more)
        assert done.exit_code == 0, done.output
        before = self.file.read_text("utf-8") if self.file.exists() else "principals:\n"
        self.file.write_text(before + done.stdout, encoding="utf-8")


@pytest.fixture
def people(tmp_path: Path) -> People:
    return People(tmp_path)


def test_a_token_goes_into_a_file_and_its_entry_into_the_list(people: People) -> None:
    people.add("lan", "operator", "--until", "2999-12-31")
    people.add("waterco-team", "integrator", "--connector", "waterco", "--connector", "bureau")
    secret = people.home / "lan.token"
    assert 0o600 == secret.stat().st_mode & 0o777
    assert secret.read_text("ascii").strip() not in people.file.read_text("utf-8")
    listed = [json.loads(line) for line in people.run("list", "--json").stdout.splitlines()]
    own = ["bureau", "waterco"]
    assert [
        {"name": "lan", "role": "operator", "connectors": [], "until": "2999-12-31"},
        {"name": "waterco-team", "role": "integrator", "connectors": own, "until": None},
    ] == listed
    me = json.loads(people.run("who", "--json", who="waterco-team").stdout)
    assert ("waterco-team", ["integrator"]) == (me["name"], me["roles"])


def test_without_a_file_who_is_here_is_an_admin(people: People) -> None:
    assert "local" in people.run("who").stdout
    assert "HUB_ACCESS is not set" in people.run("list").stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("Lan", "--role", "operator"), "'Lan' is no name"),
        (("local", "--role", "admin"), "is no name"),
        (("lan", "--role", "admin", "--until", "tomorrow"), "'tomorrow' is no day"),
        (("lan", "--role", "boss"), "one of integrator, operator"),
        (("lan", "--role", "integrator"), "connectors are what an integrator has"),
        (("lan", "--role", "admin", "--connector", "a"), "and nobody else"),
    ],
)
def test_a_wrong_entry_is_not_made(people: People, words: tuple[str, ...], says: str) -> None:
    target = people.home / "t"
    done = people.run("token", *words, "--to", str(target))
    assert (2, False) == (done.exit_code, target.exists())
    assert says in done.stderr


def test_a_file_that_is_there_is_not_written_over(people: People) -> None:
    (people.home / "lan.token").write_text("mine", encoding="ascii")
    done = people.run("token", "lan", "--role", "admin", "--to", str(people.home / "lan.token"))
    assert (1, "mine") == (done.exit_code, (people.home / "lan.token").read_text("ascii"))


def test_each_rule_is_shown(people: People) -> None:
    rows = [json.loads(line) for line in people.run("rules", "--json").stdout.splitlines()]
    found = {(row["process"], row["what"]): row["who"] for row in rows}
    assert ["admin"] == found["registry", "DELETE /subjects/{subject}"]
    assert ["everybody"] == found["registry", "GET /subjects"]


# -- who decides


@pytest.fixture
def desk(people: People, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return open_desk(people.home, monkeypatch)


def decide(desk: Desk, people: People, who: str | None, *words: str) -> Result:
    event = desk.event()
    letter = desk.letter(event)
    return desk.hub("dead-letter", "discard", letter, *BECAUSE, *words, env=people.environment(who))


def test_the_name_that_is_kept_is_the_proved_one(desk: Desk, people: People) -> None:
    people.add("lan", "operator")
    done = decide(desk, people, "lan")
    assert done.exit_code == 0, done.output
    assert ["lan"] == [act.by for act in desk.acts()]
    assert decide(desk, people, "lan", "--by", "lan").exit_code == 0


def test_nobody_decides_in_anothers_name_or_without_their_own(desk: Desk, people: People) -> None:
    people.add("lan", "operator")
    people.add("mai", "auditor")
    (people.home / "thief.token").write_text("hub_guessed", encoding="ascii")
    for who, words, code, says in (
        ("lan", ("--by", "Lê Văn Thử"), 1, "you are lan"),
        (None, ("--by", "lan"), 4, "nobody says who you are"),
        ("mai", (), 4, "mai may not decide: your role does not allow it"),
        ("thief", (), 1, "the credential is nobody's"),
    ):
        done = decide(desk, people, who, *words)
        assert code == done.exit_code, done.output
        assert says in done.stderr
    assert [] == desk.acts()


def test_where_nobody_is_named_a_name_has_to_be_given(desk: Desk, people: People) -> None:
    assert decide(desk, people, None).exit_code == 2
    assert decide(desk, people, None, "--by", "Trần Thị Thử").exit_code == 0
    assert ["Trần Thị Thử"] == [act.by for act in desk.acts()]


def test_personal_data_is_shown_to_a_role_that_may_and_under_its_name(
    desk: Desk, people: People
) -> None:
    people.add("mai", "auditor")
    people.add("team", "integrator", "--connector", "portal")
    letter = desk.letter(desk.event())
    desk.unmask = "yes"

    def show(who: str) -> Result:
        words = ("dead-letter", "show", letter, "--unmask", "complaint")
        return desk.hub(*words, env=people.environment(who))

    assert show("team").exit_code == 4
    assert show("mai").exit_code == 0
    lines = (people.home / "log" / "access.jsonl").read_bytes().splitlines()
    assert [("mai", "complaint")] == [(row["who"], row["reason"]) for row in map(json.loads, lines)]


def test_who_says_nothing_still_sees_what_waits(desk: Desk, people: People) -> None:
    people.add("lan", "operator")
    done = desk.hub("parked", "list", env=people.environment(None))
    assert done.exit_code == 0
    assert "due dates are not known" in done.stderr


@pytest.mark.process
def test_a_person_of_the_identity_provider_decides_under_their_name_there(
    desk: Desk, people: People
) -> None:
    people.add("lan", "operator")
    with sso() as provider:
        with people.file.open("a", encoding="utf-8") as file:
            file.write(provider.entry)
        for role, name in (("operator", "thu"), ("auditor", "mai")):
            token = provider.token(role, sub=name)
            (people.home / f"{name}.token").write_text(token, encoding="ascii")
        assert decide(desk, people, "thu").exit_code == 0
        assert decide(desk, people, "mai").exit_code == 4
    assert ["oidc:thu"] == [act.by for act in desk.acts()]
