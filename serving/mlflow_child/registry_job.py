"""The job that talks to the registry: one call after another, until the parent closes the socket or kills it."""

import socket
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from recsys.alias.state import AliasState, ModelMetadata
from recsys.errors import NotRegisteredError
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from recsys.traffic import CHALLENGER
from serving.mlflow_child.answering import answer_of, take_over
from serving.mlflow_child.memory_limit import limit_memory
from serving.mlflow_child.version_listing import ask_for_versions
from serving.shared.messages import ClosedError, Messages
from serving.shared.process_privacy import hide_from_same_user

Call = dict[str, Any]

MAX_MORE_BYTES = 2 * 2**30
"""Answers are some kilobytes, and downloads go to the disk piece by piece; a server of another kind sends anything."""


def serve_registry_calls(connection: socket.socket) -> None:
    """Answer calls until the parent closes the socket; the first message tells which registry is meant."""
    messages = Messages(connection)
    try:
        hide_from_same_user()
        limit_memory(MAX_MORE_BYTES)
        start = messages.receive()
        take_over(start)
        calls = RegistryCalls(Registry(start["name"], start["tracking_uri"]))
        while True:
            call = messages.receive()
            messages.send(answer_of(lambda: calls.by_name[call["call"]](call)))  # noqa: B023  called at once
    except ClosedError:
        return


class RegistryCalls:
    """The calls that the parent may make."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.by_name: dict[str, Callable[[Call], Any]] = {
            "look": self.look,
            "repair": lambda call: self._registry.repair(self._registry.alias_state(call["alias"])),
            "version": lambda call: as_message(self._registry.version(call["version"])),
            "listing": lambda _: asdict(ask_for_versions(self._registry)),
            "size": lambda call: self._registry.size_of(call["uri"]),
            "download": lambda call: str(self._registry.download_uri(call["uri"], Path(call["folder"]))),
        }

    def look(self, call: Call) -> dict[str, Any]:
        """Return what one look tells, as `serving.parent.look.Look` has it."""
        metadata = self._registry.metadata()
        state = AliasState.of(metadata, call["alias"])
        return {
            "version": None if state.current is None else as_message(self._registry.version(state.current)),
            "is_settled": state.is_settled,
            "traffic": dict(state.traffic),
            "challenger": self._challenger(metadata) if state.traffic else None,
        }

    def _challenger(self, metadata: ModelMetadata) -> dict[str, Any] | None:
        current = AliasState.of(metadata, CHALLENGER).current
        try:
            return None if current is None else as_message(self._registry.version(current))
        except NotRegisteredError:  # deleted between the two questions
            return None


def as_message(version: ModelVersion) -> dict[str, Any]:
    """Return a version as JSON."""
    return {**asdict(version), "created": version.created.isoformat()}
