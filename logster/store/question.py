"""Question: commands to Redis with what their answers mean, so that several can be asked in one round trip."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from logster.store.connection import Command
from logster.store.tenant import Tenant

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Question(Generic[Answer]):
    """What is asked: `read` makes the answer of what Redis answers to `commands`, none of which depends on another."""

    commands: Sequence[Command]
    read: Callable[[list[Any]], Answer]


def ask(tenant: Tenant, question: Question[Answer]) -> Answer:
    """Return the answer to one question."""
    return question.read(tenant.run_all(question.commands) if question.commands else [])


def ask_all(tenant: Tenant, *questions: Question[Any]) -> list[Any]:
    """Return the answers to several questions, in one round trip."""
    answers = iter(tenant.run_all([command for question in questions for command in question.commands]))
    return [question.read([next(answers) for _ in question.commands]) for question in questions]
