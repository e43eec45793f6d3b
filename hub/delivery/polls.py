"""What a worker polls, while it holds the watch; as registrations come, change and go."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from adapters.http.messages import Client
from hub.delivery.outcomes import compile_rows
from hub.delivery.poller import Poller, PollPlan
from hub.delivery.positions import Positions, read_positions
from hub.delivery.watch import Watch
from hub.errors import HubError
from hub.intake.opening import Opened, open_intake
from hub.intake.served import Served
from hub.landscapes import Landscapes
from hub.log import get_logger
from hub.records import Writer
from hub.registry.live import Landscape, Live, made, poll_flows, wants
from hub.serving import ended
from hub.surroundings import Surroundings

log = get_logger("hub.worker")
LEAVE = 4.0  # seconds for the watch to leave its group
AGAIN = 1.0  # seconds until an intake that could not be opened is opened again


@dataclass(frozen=True, slots=True)
class _Running:
    live: Live
    tasks: tuple[asyncio.Task[None], ...]


class Polls:
    """One worker's. Belongs to its event loop."""

    def __init__(self, around: Surroundings, landscapes: Landscapes, writer: Writer) -> None:
        self._around = around
        self._landscapes = landscapes
        self._writer = writer
        self._wanted: dict[str, tuple[Live, Client]] = {}
        self._running: dict[str, _Running] = {}
        self._positions: Positions | None = None  # while this process holds the watch
        self._opened: Opened | None = None
        self._opening: asyncio.Task[None] | None = None
        self._behind = AsyncExitStack()

    def want(self, name: str, live: Live | None, client: Client | None) -> None:
        """Poll what this registration polls, with this client; nothing where it is None."""
        if live is None or client is None or not poll_flows(live):
            self._wanted.pop(name, None)
        else:
            self._wanted[name] = live, client
            if self._opening is None:
                self._opening = asyncio.get_running_loop().create_task(self._open())
        self._agree()

    @property
    def flows(self) -> int:
        """How many are polled, by this process or by another that holds the watch."""
        return sum(len(poll_flows(live)) for live, _ in self._wanted.values())

    async def close(self) -> None:
        """Poll no more."""
        self._wanted.clear()
        self._agree()
        if self._opening is not None:
            self._opening.cancel()
        await self._behind.aclose()

    async def _open(self) -> None:
        """An intake and the watch, once somebody polls."""
        around = self._around
        while self._opened is None:
            try:
                async with AsyncExitStack() as stack:
                    opened = await open_intake(
                        stack, around, self._landscapes.now, self._writer, "worker"
                    )
                    self._behind = stack.pop_all()
                    self._opened = opened
            except HubError as error:
                log.warning("polling_postponed", reason=error.what)
                await asyncio.sleep(AGAIN)
        self._landscapes.tell(self._serve)
        watch = Watch(around.broker, asyncio.get_running_loop(), self._begin, self._end)
        watch.start()
        self._behind.push_async_callback(ended, watch.stop, LEAVE, "watch")

    def _serve(self, landscape: Landscape) -> None:
        if self._opened is not None:
            self._opened.intake.served = Served(wants(landscape))

    def _begin(self, records: dict[bytes, bytes | None]) -> None:
        self._positions = Positions(self._writer, read_positions(records))
        self._agree()
        log.info("polling_started", flows=self.flows)

    def _end(self) -> None:
        self._positions = None
        self._agree()

    def _agree(self) -> None:
        """Bring what runs to what is wanted; a page that is broken off is read again."""
        wanted = self._wanted if self._positions is not None else {}
        for name, running in list(self._running.items()):
            if name not in wanted or wanted[name][0] is not running.live:
                for task in self._running.pop(name).tasks:
                    task.cancel()
        if self._positions is None or self._opened is None:
            return
        for name in wanted.keys() - self._running.keys():
            self._running[name] = self._start(*wanted[name], self._opened, self._positions)

    def _start(self, live: Live, client: Client, opened: Opened, positions: Positions) -> _Running:
        pollers = [
            Poller(plan, client, opened.intake, positions, opened.problem) for plan in plans(live)
        ]
        loop = asyncio.get_running_loop()
        return _Running(live, tuple(loop.create_task(poller.run()) for poller in pollers))


def plans(live: Live) -> list[PollPlan]:
    """What a registration polls."""
    registration, program = live.registration, live.bundle.program
    found = []
    for name, (flow, inflow) in poll_flows(live).items():
        poll = flow.poll
        if poll is None:
            continue
        has_each = (f"{name}_each", "") in program.flows
        found.append(
            PollPlan(
                poll=poll,
                inflow=inflow,
                request=made(live, f"{name}_request"),
                each=made(live, f"{name}_each") if has_each else None,
                rows=compile_rows(
                    [*flow.outcomes, *live.bundle.manifest.outbound.outcomes],
                    registration.settings,
                ),
                every=float(_number(poll.every, live, 300)),
                full=_number(poll.full, live, 0) or None,
                settings=registration.settings,
            )
        )
    return found


def _number(value: int | str | None, live: Live, default: int) -> int:
    """A number of the manifest, or of the setting that it names."""
    if isinstance(value, str):
        found = live.registration.settings.get(value.removeprefix("$setting."))
        return found if isinstance(found, int) else default
    return default if value is None else value
