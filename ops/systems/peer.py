"""One running system: requests in, faults, effects, acts out.

The order for a request: identify, decide faults, judge, keep the effect, change the state, answer.
A fault replaces the judging (nothing is stored) or only the answer (stored, caller in doubt).
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

import msgspec

from ops.systems import rules as r
from ops.systems.faults import Faults, Verdict
from ops.systems.journal import CallRecord, Journal
from ops.systems.model import (
    Act,
    ActError,
    Call,
    Effect,
    Json,
    Outcome,
    Outgoing,
    System,
    json_reply,
)
from ops.systems.outbox import Outbox
from ops.systems.wire import Plan, Reply, Request

HTML = "<!DOCTYPE html><html><body><h1>Hệ thống đang bảo trì</h1></body></html>"
SECRETS = ("password", "client_secret", "hub_token", "hub_password")  # of a configuration


@dataclass(slots=True)
class Peer:
    """A system with its journal, its faults and its way to the hub.

    `wall` is the clock of records, `clock` the monotonic one of windows and rates. `fast`: counters
    alone, no record of each call.
    """

    system: System
    journal: Journal
    outbox: Outbox
    fast: bool = False
    wall: Callable[[], float] = time.time
    clock: Callable[[], float] = time.monotonic
    faults: Faults = field(default_factory=Faults)
    on_faults: Callable[[], None] = lambda: None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _second: int = 0
    _in_second: int = 0

    # requests

    def doorman(self, request: Request) -> bool:
        """Whether a rule resets this connection before the body is read."""
        if not self.faults.rules or request.path.startswith("/_sim/"):
            return False
        call = self.system.identify(request)
        verdict = self.faults.decide(call.subject, self.clock(), before_read=True)
        if verdict.action is None:
            return False
        self._record(call, None, "reset", verdict.rule)
        return True

    def handle(self, request: Request) -> Plan:
        """What happens to one request."""
        call = self.system.identify(request)
        clock = self.clock()
        if self._over_pace(clock):
            status = 503 if self.system.name == "ngsp" else 429
            reply = Reply(status, b"{}", headers=(("Retry-After", "1"),))
            self._record(call, status, "pace", "")
            return Plan(reply)
        verdict = self.faults.decide(call.subject, clock)
        switches = self.system.switches
        delay = verdict.delay + self.faults.latency(
            switches.latency_median, switches.latency_p99, call.subject
        )
        if verdict.action is None:
            outcome = self._judge(call)
            self._record(call, outcome.reply.status, outcome.verdict, "")
            return Plan(outcome.reply, delay)
        return self._misbehave(call, verdict, delay)

    def _misbehave(self, call: Call, verdict: Verdict, delay: float) -> Plan:
        action = verdict.action
        outcome = self._judge(call) if _stores(action) else None
        if isinstance(action, r.Expired):
            self.system.expire(call)
        plan = self._plan(call, action, outcome, delay)
        said = outcome.verdict if outcome is not None else "fault"
        self._record(call, plan.reply.status if plan.reply else None, said, verdict.rule)
        return plan

    def _plan(
        self, call: Call, action: r.Action | None, outcome: Outcome | None, delay: float
    ) -> Plan:
        reply = outcome.reply if outcome is not None else None
        match action:
            case r.Silence():
                return Plan(hold=action.seconds, delay=delay)
            case r.Reset() | r.StoreThenDrop():
                return Plan(reset=True, delay=delay)
            case r.Truncate() if reply is not None:
                return Plan(reply, delay, cut=int(len(reply.body) * action.keep))
            case r.Truncate():
                return Plan(json_reply(500, {}), delay, cut=1)
            case r.SoapFault() | r.Error() | r.Expired():
                return Plan(self.system.error(call, action), delay)
            case _:
                return Plan(_page(action), delay)

    def _judge(self, call: Call) -> Outcome:
        """Judge the call, keep its effect, change the state."""
        now = self.wall()
        outcome = self.system.answer(call, now)
        for what in outcome.violations:
            self.journal.violation(call.subject, what, now)
        if outcome.effect is not None:
            self.commit(outcome.effect)
        return outcome

    def commit(self, effect: Effect) -> None:
        """Keep an effect, then apply it."""
        self.journal.write(effect)
        self.system.apply(effect)
        after, urls = self.system.fetches(effect)
        for url in urls:
            self.own(self.outbox.fetch(url, after))

    def _over_pace(self, clock: float) -> bool:
        cap: int = self.system.switches.rate_cap
        if not cap:
            return False
        if int(clock) != self._second:
            self._second, self._in_second = int(clock), 0
        self._in_second += 1
        return self._in_second > cap

    def _record(self, call: Call, status: int | None, verdict: str, rule: str) -> None:
        subject = call.subject
        number = self.journal.count(subject.operation, verdict)
        if self.fast:
            return
        body = call.request.body
        self.journal.record(
            CallRecord(
                number=number,
                at=self.wall(),
                operation=subject.operation,
                verdict=verdict,
                status=status,
                service=subject.service,
                dossier=subject.dossier,
                key=subject.key,
                method=call.request.method,
                path=subject.path,
                query=call.request.query,
                rule=rule,
                digest=hashlib.sha256(body).hexdigest(),
                content_digest=hashlib.sha256(call.content).hexdigest(),
                body=self._masked(call) if self.journal.bodies else "",
            )
        )

    def _masked(self, call: Call) -> str:
        """The body without credentials."""
        text = call.request.body.decode("utf-8", "replace")
        secrets = [getattr(self.system.config, name, None) for name in SECRETS]
        if isinstance(call.document, dict):
            secrets.append(call.document.get("session"))
        for secret in secrets:
            if isinstance(secret, str) and secret:
                text = text.replace(secret, "***")
        return text

    # acts

    async def act(self, order: Json) -> Json:
        """Do what the system itself does; returns what was sent and answered. Raises ActError."""
        act = self.system.act(order, self.wall())
        if act.outgoing is None:
            self._commit_all(act.before)
            return {"operation": order.get("operation"), "answer": act.answer}
        verdict = self.faults.decide(act.outgoing.subject, self.clock())
        if verdict.delay:
            await asyncio.sleep(verdict.delay)
        spoiled = isinstance(verdict.action, r.BadSignature) or order.get("credential") == "bad"
        outgoing = self.system.spoil(act.outgoing) if spoiled else act.outgoing
        if not spoiled:
            self._commit_all(act.before)
        times = verdict.action.times if isinstance(verdict.action, r.Duplicate) else 1
        times = max(times, min(int(order.get("repeat", 1)), 10))
        answers = [await self.outbox.send(outgoing, verdict.rule) for _ in range(times)]
        accepted = any(answer["accepted"] for answer in answers)
        if accepted:
            self._commit_all(act.after)
        return _report(self.outbox.hub, outgoing, act, answers)

    def _commit_all(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            self.commit(effect)

    # scripts

    def script(self, given: Json) -> Json:
        """Take over what `given` names of a fault script. Raises ValueError naming what is bad."""
        try:
            script = msgspec.convert(given, r.Script)
        except msgspec.ValidationError as error:
            raise ValueError(f"faults: {error}") from error
        for rule in script.rules:
            if isinstance(rule.action, r.SoapFault) and self.system.name != "onestop":
                raise ValueError(f"rule {rule.name}: only onestop answers with SOAP Faults")
        Faults().replace(script.rules, script.seed, 0.0)  # all or nothing: they must fit first
        self._take_over(script, frozenset(given))
        self.on_faults()
        return self.faults_in_force()

    def _take_over(self, script: r.Script, named: frozenset[str]) -> None:
        if "switches" in named:
            self.system.switch(dict(script.switches))
        if "rules" in named or "seed" in named:
            rules = script.rules if "rules" in named else list(self.faults.rules)
            seed = script.seed if "seed" in named else self.faults.seed
            self.faults.replace(rules, seed, self.clock())
        if "on" in named:
            self.faults.on = frozenset(script.on)
        if "schedule" in named:
            self._cancel_all()
            for planned in script.schedule:
                self.own(self._perform(planned))

    def faults_in_force(self) -> Json:
        """Rules, switches and how often each rule has fired."""
        return {
            "seed": self.faults.seed,
            "rules": [msgspec.to_builtins(rule) for rule in self.faults.rules],
            "on": sorted(self.faults.on),
            "fired": self.faults.fired(),
            "switches": self.system.switch({}),
        }

    async def _perform(self, planned: r.Planned) -> None:
        await asyncio.sleep(planned.after)
        for number in range(planned.times):
            if number:
                await asyncio.sleep(planned.every or 0.0)
            try:
                await self.act(dict(planned.act))
            except ActError as error:
                self.journal.counters["schedule.refused"] += 1
                self.journal.violation(r.Subject("schedule"), str(error), self.wall())
                return

    def own(self, work: Coroutine[object, object, None]) -> None:
        """Run a task that ends with this peer."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _cancel_all(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()

    async def close(self) -> None:
        """End tasks, close the client and the journal."""
        self._cancel_all()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.outbox.close()
        self.journal.close()


def _stores(action: r.Action | None) -> bool:
    """Whether the request has its effect although something goes wrong."""
    match action:
        case r.StoreThenDrop():
            return True
        case r.Reset():
            return action.at == "after-store"
        case r.Silence() | r.Status() | r.SoapFault() | r.Error() | r.Html() | r.Truncate():
            return action.store
        case _:
            return False


def _page(action: r.Action | None) -> Reply:
    match action:
        case r.Status():
            headers = tuple(action.headers.items())
            return Reply(action.code, action.body.encode(), "text/plain; charset=utf-8", headers)
        case r.Html():
            return Reply(action.status, HTML.encode(), "text/html; charset=utf-8")
        case r.Down(retry_after=int(seconds)):
            return Reply(503, b"", "text/plain", (("Retry-After", str(seconds)),))
        case _:
            return Reply(503, b"", "text/plain")


def _report(hub: str, outgoing: Outgoing, act: Act, answers: list[Json]) -> Json:
    return {
        "operation": outgoing.subject.operation,
        "dossier": outgoing.subject.dossier,
        "key": outgoing.subject.key,
        "sent": {
            "method": outgoing.method,
            "url": hub + outgoing.path,
            "body": outgoing.shown,
            "sha256": hashlib.sha256(outgoing.body).hexdigest(),
        },
        "answer": answers[-1],
        "answers": answers,
        "accepted": any(answer["accepted"] for answer in answers),
        "made": act.answer,
    }
