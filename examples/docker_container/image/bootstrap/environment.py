"""The variables that the site starts with, and which of them are secret."""

from dataclasses import dataclass

from bootstrap import allowed
from bootstrap.document import Value


@dataclass(frozen=True)
class Variable:
    """A variable's value, empty where the launcher's environment has it; a secret one is neither shown nor written."""

    value: str
    secret: bool = False

    def __repr__(self) -> str:
        return "Variable(secret)" if self.secret else f"Variable({self.value!r})"


def read(value: Value) -> dict[str, Variable]:
    return {name: _variable(each) for name, each in value.map(allowed.name).items()}


def _variable(value: Value) -> Variable:
    if not value.is_map:
        return Variable(value.text())
    fields = value.fields(("value", "secret"))
    secret = fields.flag("secret")
    if "value" not in fields:
        if not secret:
            value.wrong("'value' is missing; only a secret may leave it to the environment of the launcher")
        return Variable("", secret)
    # No params here: where `secret` is misspelt, an error about an unknown one would show a piece of the secret.
    return Variable(fields["value"].written(), secret)
