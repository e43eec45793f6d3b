"""The table of faults, most important first."""

from tests.faults import rows_broker as broker
from tests.faults import rows_bytes as content
from tests.faults import rows_change as change
from tests.faults import rows_machine as machine
from tests.faults import rows_measured as measured
from tests.faults import rows_mix as mixed
from tests.faults import rows_peer as peer
from tests.faults import rows_worker as worker
from tests.faults.evidence import Limits
from tests.faults.filling import STEPS
from tests.faults.table import Row
from tests.faults.world import DELIVERY, IN_FLIGHT

TRIES = 2.0  # calls for each event, beside the probes
KEEPS = 0.95  # of the rate
TAKEN_UP = 5.0  # seconds: within them a process goes by what is registered
HASTY = {**DELIVERY, "retry": {"first": 0.2, "factor": 2, "longest": 2, "give_up": 4}}
# as manifests have it, but that it gives up soon: each repeat takes a place from another fact
PATIENT = {**DELIVERY, "retry": {"first": 1, "factor": 2, "longest": 4, "give_up": 4}}

ROWS = (
    Row("worker-killed", "kill -9 of a worker under load", worker.killed),
    Row(
        "killed-twice",
        "kill -9 again soon after the take-over",
        worker.killed_twice,
    ),
    Row("gateway-killed", "gateway killed before its answer", broker.gateway_killed, each=0),
    Row(
        "broker-gone",
        "broker away for five minutes, senders at the door",
        broker.gone,
        each=0,
        recovery=30.0,
        long=True,
        events=2_000,
        # kept by the broker in its last moment, and told again
        judged=Limits(doubles=IN_FLIGHT, turned_away=100),
    ),
    Row("broker-killed", "SIGKILL of the broker, new start", broker.killed),
    Row("produce-lost", "answers to Produce lost", broker.produce_answers_lost, each=0),
    Row("commit-lost", "answers to OffsetCommit lost", broker.commit_answers_lost, each=0),
    Row("come-and-go", "workers added and removed", worker.come_and_go),
    Row(
        "to-and-fro",
        "a worker added or removed every 5 s for 5 min",
        worker.every_few_seconds,
        long=True,
        events=9_000,
        # that it goes on at all: a worker takes half of it to start on a busy machine
        judged=Limits(minute=60),
    ),
    Row(
        "slow", "peer takes a second for each answer", peer.slow, each=0, judged=Limits(tries=TRIES)
    ),
    Row(
        "very-slow",
        "peer takes 10 s for each answer, the hub waits",
        peer.very_slow,
        each=0,
        delivery={**DELIVERY, "timeout": 30},
        judged=Limits(tries=TRIES),
    ),
    Row(
        "overdue",
        "peer takes 10 s for each answer, the hub does not wait",
        peer.overdue,
        each=0,
        judged=Limits(tries=TRIES),
    ),
    Row(
        "never-answers",
        "peer does it and never answers",
        peer.never_answers,
        each=0,
        judged=Limits(tries=TRIES),
    ),
    Row(
        "half-open",
        "all connections to the peer are dead",
        peer.half_open,
        each=0,
        judged=Limits(tries=TRIES),
    ),
    Row("cut", "answers cut off in their middle", peer.cut, each=0, judged=Limits(tries=TRIES)),
    Row(
        "flaps",
        "peer well and ill in turn, 5 s each",
        peer.flaps,
        each=0,
        judged=Limits(tries=TRIES),
    ),
    Row(
        "away",
        "nobody listens at the peer's address",
        peer.away,
        each=0,
        judged=Limits(tries=TRIES),
    ),
    Row(
        "black-hole",
        "what is sent to the peer disappears",
        peer.black_hole,
        each=0,
        judged=Limits(tries=TRIES),
    ),
    Row(
        "beside",
        "peer ill in ten ways in turn; another registration of the worker goes on",
        measured.beside,
        each=0,
        second=True,
        long=True,
        events=15_000,
        judged=Limits(tries=TRIES),
    ),
    Row(
        "strange-answers",
        "200 with Fault, error code, HTML, half a document, other charset; 503",
        peer.strange_answers,
        each=0,
        registration="onestop",
    ),
    Row(
        "strange-rest",
        "500; 200 with HTML, half a document, other charset; 503",
        peer.strange_rest,
        each=0,
    ),
    Row(
        "some-ill",
        "1 of 50 facts always gets 503, the others go on",
        peer.some_ill,
        each=0,
    ),
    Row(
        "rejects",
        "1 of 100 facts is refused; the rate of the others",
        measured.rejects,
        each=0,
        events=20_000,
        judged=Limits(keeps=KEEPS),
    ),
    Row(
        "some-park",
        "1 of 100 facts fails for a time: its dossier parks; the rate of the others; resumed",
        measured.some_park,
        each=0,
        events=20_000,
        delivery=PATIENT,
        judged=Limits(keeps=KEEPS, asides=10),
    ),
    Row(
        "frozen",
        "SIGSTOP past the lease, then SIGCONT",
        worker.frozen,
        judged=Limits(late=IN_FLIGHT, doubles=0),
    ),
    Row("offsets-lost", "the group's offsets are lost", worker.offsets_lost),
    Row("offsets-strange", "a stranger commits for the group", worker.offsets_strange),
    Row("foreign", "foreign bytes between the facts", content.foreign, each=0),
    Row("schema-late", "a schema id that is registered later", content.schema_comes_late, each=0),
    Row("registry-down", "registry down, a fresh worker", content.registry_down),
    Row(
        "burst",
        "100,000 at once to an idle worker",
        measured.burst,
        each=0,
        events=100_000,
        judged=Limits(drains=0.8),
    ),
    Row("clock", "the worker's clock is set: ±10 min, an hour back", machine.clock),
    Row("no-room", "no file of the worker's can grow", machine.no_room),
    Row("disk-full", "the broker's disk is full, then has room", machine.disk_full),
    Row(
        "credential",
        "token revoked; token endpoint down",
        peer.credential,
        each=0,
        judged=Limits(logins=0),
    ),
    Row(
        "tokens",
        "tokens end; their endpoint is slow; the secret is changed",
        measured.one_refresh,
        each=0,
        events=6_000,
        judged=Limits(logins=len(measured.SECRETS)),
    ),
    Row("rolling", "workers replaced one by one", worker.rolling, each=0),
    Row("upgraded", "workers of an earlier version and of this one", worker.upgraded, each=0),
    Row(
        "killed-in-between",
        "kill -9 between the peer's deed and our receipt",
        worker.killed_in_between,
        each=0,
    ),
    Row(
        "killed-unasked",
        "the same, at a system that cannot be asked",
        worker.killed_unasked,
        # What is repeated was called in the peer's last 60 ms before the kill: under way, or its
        # answer was there and its receipt not yet kept, which takes some 10 ms. In these at most
        # all that was under way is answered, and its places are taken again: the answers come in
        # waves, 32 in 50 ms. What has a receipt may not be called again: it would have two.
        each=2 * IN_FLIGHT,
        judged=Limits(doubles=0),
    ),
    Row(
        "dressed",
        "back end down, dressed as a code of one dossier",
        peer.dressed,
        each=0,
        vain=3 * IN_FLIGHT,
        delivery=HASTY,
    ),
    Row(
        "one-dossier",
        "one dossier cannot be taken: it parks",
        peer.one_dossier,
        each=0,
        parked=STEPS,
        delivery=HASTY,
    ),
    Row(
        "hot-change",
        "50 changes and 50 ways back under 300 events/s, two workers",
        change.changed,
        each=0,
        events=20_000,
        recovery=TAKEN_UP,
    ),
    Row(
        "hot-hurried",
        "changes that follow each other before any is taken up",
        change.hurried,
        each=0,
        events=6_000,
        skipped=change.STEPS // 2,
        recovery=TAKEN_UP,
    ),
    Row(
        "hot-killed",
        "kill -9 behind a change, with calls under way",
        change.killed,
        each=change.KILLS * IN_FLIGHT,
    ),
    Row("hot-paused", "paused and resumed under load", change.paused, each=0, recovery=TAKEN_UP),
    Row("hot-fault", "a version at fault under load", change.at_fault, each=0, recovery=TAKEN_UP),
    Row(
        "hot-doors",
        "a gateway's registration changes under load",
        change.doors,
        each=0,
        events=15_000,
    ),
    Row(
        "mix",
        "all faults in turn at 70 % load for 30 min",
        mixed.mix,
        each=mixed.REPEATS,
        recovery=mixed.BACK,
        long=True,
        events=135_000,
    ),
)
BY_NAME = {row.name: row for row in ROWS}
