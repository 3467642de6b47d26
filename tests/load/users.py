"""Users who each ask for movies again and again, and remember which version answered them."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle

from load.connections import Connection, CutError, RefusedError, Reply

LONGEST_SECONDS = 240.0
PAUSE = 0.001
"""Lets the service's processes have the processor."""


@dataclass
class Seen:
    """What the users got.

    Attributes
    ----------
    versions
        The versions that answered each user, in the order in which they came.
    counted
        Answers by version and kind, ``recommend``, ``similar``, ``unknown`` (404) and events such as ``click``.
    wrong
        Answers with another status than was to be expected.
    cut
        Requests that were sent and got no whole answer, as the error says.
    """

    versions: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Return the number of answers."""
        return sum(self.counted.values())


class Users:
    """Users against one port, from the start to `finish`; each has a connection for each of the clients.

    Parameters
    ----------
    ratings
        The history that all send.
    with_events
        Whether the first movie of each list is clicked, and every third one rated.
    """

    def __init__(
        self, port: int, users: list[str], ratings: dict[str, float], *, n_clients: int = 6, with_events: bool = False
    ) -> None:
        self.seen = Seen()
        self._port = port
        self._ratings = ratings
        self._movie = next(iter(ratings))
        self._with_events = with_events
        self._stopped = asyncio.Event()
        self._clients = [asyncio.create_task(self._run(users[number::n_clients])) for number in range(n_clients)]

    async def finish(self) -> Seen:
        """Let each client end after the request that it is at, and return what all got."""
        self._stopped.set()
        await asyncio.gather(*self._clients)
        return self.seen

    async def until(self, condition: Callable[[], bool], seconds: float = 600) -> None:
        """Go on until a condition holds, which is asked in a thread."""
        async with asyncio.timeout(seconds):
            while not await asyncio.to_thread(condition):
                await asyncio.sleep(0.05)

    async def more(self, number: int) -> None:
        """Go on until so many more answers have come."""
        wanted = self.seen.total + number
        async with asyncio.timeout(90):
            while self.seen.total < wanted:
                await asyncio.sleep(0.01)

    async def _run(self, users: list[str]) -> None:
        deadline = time.monotonic() + LONGEST_SECONDS
        connection: Connection | None = None
        for user in cycle(users):
            if self._stopped.is_set() or time.monotonic() > deadline:
                break
            try:
                connection = connection or await Connection.open(self._port)
                await self._ask(connection, user)
            except (CutError, RefusedError) as error:
                self.seen.cut.append(repr(error))
                if connection:
                    await connection.close()
                connection = None
            await asyncio.sleep(PAUSE)
        if connection:
            await connection.close()

    async def _ask(self, connection: Connection, user: str) -> None:
        body = {"user_ratings": self._ratings, "n": 5, "user_id": user}
        answer = self._counted("recommend", 200, user, await connection.ask("/recommend", body))
        for kind, status, movie in (("similar", 200, self._movie), ("unknown", 404, 999_999)):
            reply = await connection.ask(f"/movies/{movie}/similar", X_User_ID=user)
            self._counted(kind, status, user, reply)
        if self._with_events and answer.status == 200 and answer.json["recommendations"]:
            await self._tell(connection, user, answer.version, answer.json["recommendations"][0]["movie_id"])

    def _counted(self, kind: str, status: int, user: str, reply: Reply) -> Reply:
        self.seen.versions[user].append(reply.version)
        self.seen.counted[reply.version, kind] += 1
        if reply.status != status:
            self.seen.wrong.append(f"{reply.status} {kind} {reply.body[:300]!r}")
        return reply

    async def _tell(self, connection: Connection, user: str, version: str, movie_id: int) -> None:
        events = [{"model_version": int(version), "event": "click", "movie_id": movie_id, "user_id": user}]
        if self.seen.counted[version, "recommend"] % 3 == 0:
            events.append({**events[0], "event": "rating", "value": 4})
        reply = await connection.ask("/feedback", events)
        if reply.status != 202 or reply.json["counted"] != len(events):
            self.seen.wrong.append(f"{reply.status} /feedback {reply.body[:300]!r}")
        for event in events:
            self.seen.counted[version, str(event["event"])] += 1
