"""The way in and out of every request: correlation id, the model that answers, body limit, timer, metrics, log line."""

import time

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recsys.log_lines import REQUEST
from recsys.logs import log_arrival, log_request
from serving.worker.context import RequestContext, open_context
from serving.worker.error_answers import recsys_error_response, unexpected_error_response
from serving.worker.errors import RequestTooLargeError
from serving.worker.http.adapted import adapted
from serving.worker.http.admission import Admission
from serving.worker.http.byte_ranges import without_range
from serving.worker.http.security_headers import EVERYWHERE
from serving.worker.metrics.counters import OTHER, Metrics
from serving.worker.served_model import ServedModel
from serving.worker.traffic.shadow import Shadow

MAX_BODY_BYTES = 256 * 1024


class RequestMiddleware:
    """Plain ASGI, as it runs for every request that takes the long way."""

    def __init__(
        self, app: ASGIApp, served: ServedModel, metrics: Metrics, admission: Admission, shadow: Shadow
    ) -> None:
        self.app = app
        self.admission = admission
        self.served = served
        self.shadow = shadow
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens inside."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        context = open_context(scope, self.served.current_or_first())
        split = self.served.split
        if split is not None:
            context.take_turn(split, scope)
        # HEAD is answered as GET is, without the body; uvicorn, and nobody further in, knows the one from the other.
        # Only of GET a part can be asked for (RFC 9110, 14.2).
        inner = {**without_range(scope), "method": "GET"} if scope["method"] == "HEAD" else scope
        answer = _Answer(self.metrics, context, inner, receive, send)
        token = REQUEST.set(context.fields)
        try:
            log_arrival(context.fields)
            objection = self.admission.objection(scope)
            if objection is None:
                await self.app(inner, _limited(scope, receive), answer.send)
                self._cast_shadow(context)
            else:
                await recsys_error_response(context, objection)(scope, receive, answer.send)
        except ClientDisconnect:
            pass  # nobody is left to be answered, which is no fault of the service
        except Exception as error:  # noqa: BLE001  this is where all errors end
            response = unexpected_error_response(context, error)
            if context.fields.status_code is None:
                await response(scope, receive, answer.send)
        finally:
            answered = context.fields.status_code is not None
            log_request("request answered" if answered else "no answer: the caller has gone", context.fields)
            REQUEST.reset(token)

    def _cast_shadow(self, context: RequestContext) -> None:
        if context.turn is not None and context.turn.shadowed is not None:
            self.shadow.offer(context.turn)


class _Answer:
    """One answer on its way out: adapted, counted, and with the headers that all have."""

    def __init__(self, metrics: Metrics, context: RequestContext, scope: Scope, receive: Receive, send: Send) -> None:
        self._started = time.perf_counter()
        self._metrics, self._context = metrics, context
        self._scope, self._receive, self._send = scope, receive, send
        self._is_replaced = False

    async def send(self, message: Message) -> None:
        """Send a part of it; what another answer has replaced is dropped."""
        if self._is_replaced:
            return
        if message["type"] == "http.response.start":
            if message["status"] >= 300 and (other := adapted(message, self._context)) is not None:
                await other(self._scope, self._receive, self.send)
                self._is_replaced = True
                return
            self._begin(message)
        elif self._context.fields.method == "HEAD":
            message = {**message, "body": b""}
        await self._send(message)

    def _begin(self, message: Message) -> None:
        context, status = self._context, message["status"]
        seconds = time.perf_counter() - self._started
        context.fields.status_code = status
        context.fields.duration_ms = round(seconds * 1000, 3)
        # Counted before the caller hears of it, so that whoever has an answer finds it in the metrics.
        self._metrics.count(_label(self._scope), status, seconds, context.error)
        if context.turn is not None:
            self._metrics.traffic.count(context.turn, status, seconds)
        message["headers"] = [*message["headers"], *EVERYWHERE, *_identity(context)]
        if self._metrics.board.ending:
            # The caller opens its next connection elsewhere, instead of finding this one closed.
            message["headers"].append((b"connection", b"close"))


def _identity(context: RequestContext) -> list[tuple[bytes, bytes]]:
    return [
        (b"x-correlation-id", context.fields.correlation_id.encode()),
        (b"x-model-version", context.version.encode()),
    ]


def _label(scope: Scope) -> str:
    route = scope.get("route")
    return f"{scope['method']} {route.path}" if route is not None else OTHER


def _limited(scope: Scope, receive: Receive) -> Receive:
    """Return ``receive`` with the body limit; a body of a declared and decent length is let through as it is."""
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    taken = int(declared) if declared.isdigit() else 0
    if declared and taken <= MAX_BODY_BYTES:
        return receive

    async def receive_limited() -> Message:
        nonlocal taken
        if taken <= MAX_BODY_BYTES:
            message = await receive()
            taken += len(message.get("body", b""))
        if taken > MAX_BODY_BYTES:
            raise RequestTooLargeError(f"the body is larger than {MAX_BODY_BYTES} bytes; send fewer ratings")
        return message

    return receive_limited
