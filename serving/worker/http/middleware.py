"""The way in and out of every request: correlation id, the model that answers, body limit, timer, metrics, log line."""

import time

from loguru import logger
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recsys.log_lines import REQUEST
from recsys.logs import REQUEST_LOGGER, log_request
from serving.worker.context import RequestContext, open_context
from serving.worker.errors import RequestTooLargeError, recsys_error_response, unexpected_error_response
from serving.worker.http.adapted import adapted
from serving.worker.http.admission import Admission
from serving.worker.http.security_headers import EVERYWHERE
from serving.worker.metrics.counters import OTHER, Metrics
from serving.worker.served_model import ServedModel
from serving.worker.traffic.shadow import Shadow

MAX_BODY_BYTES = 256 * 1024

_log = logger.bind(logger=REQUEST_LOGGER)


class RequestMiddleware:
    """Plain ASGI, as it runs for every request."""

    def __init__(
        self, app: ASGIApp, served: ServedModel, metrics: Metrics, admission: Admission, shadow: Shadow
    ) -> None:
        self.app = app
        self.admission = admission
        self.served = served
        self.shadow = shadow
        self.metrics = metrics
        self._board = metrics.board

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens inside."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        context = open_context(scope, self.served.current_or_first())
        fields = context.fields
        split = self.served.split
        if split is not None:
            context.take_turn(split, scope)

        # HEAD is answered as GET is, without the body; uvicorn, and nobody further in, knows the one from the other.
        is_head = scope["method"] == "HEAD"
        inner = {**scope, "method": "GET"} if is_head else scope
        replaced = False

        async def send_on(message: Message) -> None:
            nonlocal replaced
            if replaced:
                return
            if message["type"] == "http.response.start":
                status: int = message["status"]
                if status >= 300 and (other := adapted(message, context)) is not None:
                    await other(scope, receive, send_on)
                    replaced = True
                    return
                seconds = time.perf_counter() - started
                fields.status_code = status
                fields.duration_ms = round(seconds * 1000, 3)
                # Counted before the caller hears of it, so that whoever has an answer finds it in the metrics.
                self._count(context, _label(inner), status, seconds)
                message["headers"] = [*message["headers"], *EVERYWHERE, *_identity(context)]
                if self._board.ending:
                    # The caller opens its next connection elsewhere, instead of finding this one closed.
                    message["headers"].append((b"connection", b"close"))
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        token = REQUEST.set(fields)
        try:
            _log.debug("request started")
            objection = self.admission.objection(scope)
            if objection is None:
                await self.app(inner, _limited(scope, receive), send_on)
                self._cast_shadow(context)
            else:
                await recsys_error_response(context, objection)(scope, receive, send_on)
        except ClientDisconnect:
            pass  # nobody is left to be answered, which is no fault of the service
        except Exception as error:  # noqa: BLE001  this is where all errors end
            await self._fail(context, error, scope, receive, send_on)
        finally:
            log_request("request answered" if fields.status_code else "no answer: the caller has gone", fields)
            REQUEST.reset(token)

    def _count(self, context: RequestContext, label: str, status: int, seconds: float) -> None:
        self.metrics.count(label, status, seconds, context.error)
        if context.turn is not None:
            self.metrics.traffic.count(context.turn, status, seconds)

    def _cast_shadow(self, context: RequestContext) -> None:
        if context.turn is not None and context.turn.shadowed is not None:
            self.shadow.offer(context.turn)

    async def _fail(
        self, context: RequestContext, error: Exception, scope: Scope, receive: Receive, send: Send
    ) -> None:
        response = unexpected_error_response(context, error)
        if context.fields.status_code is None:
            await response(scope, receive, send)


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
