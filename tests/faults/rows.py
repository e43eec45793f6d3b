"""The table of faults, most important first."""

from tests.faults import rows_broker as broker
from tests.faults import rows_bytes as content
from tests.faults import rows_change as change
from tests.faults import rows_machine as machine
from tests.faults import rows_mix as mixed
from tests.faults import rows_peer as peer
from tests.faults import rows_worker as worker
from tests.faults.filling import STEPS
from tests.faults.table import Row
from tests.faults.world import DELIVERY, IN_FLIGHT

TAKEN_UP = 5.0  # seconds: within them a process goes by what is registered
HASTY = {**DELIVERY, "retry": {"first": 0.2, "factor": 2, "longest": 2, "give_up": 4}}

ROWS = (
    Row("worker-killed", "kill -9 of a worker under load", worker.killed),
    Row(
        "killed-twice",
        "kill -9 again soon after the take-over",
        worker.killed_twice,
    ),
    Row("gateway-killed", "gateway killed before its answer", broker.gateway_killed, each=0),
    Row("broker-killed", "SIGKILL of the broker, new start", broker.killed),
    Row("produce-lost", "answers to Produce lost", broker.produce_answers_lost, each=0),
    Row("commit-lost", "answers to OffsetCommit lost", broker.commit_answers_lost, each=0),
    Row("come-and-go", "workers added and removed", worker.come_and_go),
    Row("slow", "peer takes a second for each answer", peer.slow, each=0),
    Row("never-answers", "peer does it and never answers", peer.never_answers, each=0),
    Row("half-open", "all connections to the peer are dead", peer.half_open, each=0),
    Row("cut", "answers cut off in their middle", peer.cut, each=0),
    Row("flaps", "peer well and ill in turn", peer.flaps, each=0),
    Row("away", "nobody listens at the peer's address", peer.away, each=0),
    Row("black-hole", "what is sent to the peer disappears", peer.black_hole, each=0),
    Row(
        "strange-answers",
        "200 with Fault, error code, HTML, half a document, other charset; 503",
        peer.strange_answers,
        each=0,
        registration="onestop",
    ),
    Row(
        "some-ill",
        "1 of 50 facts always gets 503, the others go on",
        peer.some_ill,
        each=0,
    ),
    Row("rejects", "1 of 100 facts is refused", peer.rejects, each=0),
    Row("frozen", "SIGSTOP past the lease, then SIGCONT", worker.frozen),
    Row("offsets-lost", "the group's offsets are lost", worker.offsets_lost),
    Row("offsets-strange", "a stranger commits for the group", worker.offsets_strange),
    Row("foreign", "foreign bytes between the facts", content.foreign, each=0),
    Row("schema-late", "a schema id that is registered later", content.schema_comes_late, each=0),
    Row("registry-down", "registry down, a fresh worker", content.registry_down),
    Row("burst", "everything at once to an idle worker", worker.burst, each=0),
    Row("clock", "the worker's clock is set: ±10 min, an hour back", machine.clock),
    Row("no-room", "no file of the worker's can grow", machine.no_room),
    Row("disk-full", "the broker's disk is full, then has room", machine.disk_full),
    Row("credential", "token revoked; token endpoint down", peer.credential, each=0),
    Row("rolling", "workers replaced one by one", worker.rolling, each=0),
    Row(
        "killed-in-between",
        "kill -9 between the peer's deed and our receipt",
        worker.killed_in_between,
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
        "50 changes and 50 ways back under 300 events/s, two workers (20,000 events)",
        change.changed,
        each=0,
        recovery=TAKEN_UP,
    ),
    Row(
        "hot-hurried",
        "changes that follow each other before any is taken up (6,000 events)",
        change.hurried,
        each=0,
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
    Row("hot-doors", "a gateway's registration changes under load", change.doors, each=0),
    Row(
        "mix",
        "all faults in turn at 70 % load (135,000 events: 30 min)",
        mixed.mix,
        each=mixed.REPEATS,
        recovery=mixed.BACK,
    ),
)
BY_NAME = {row.name: row for row in ROWS}
