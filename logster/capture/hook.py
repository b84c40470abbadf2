"""One hook of the interpreter, taken over and given back.

Owns the chain: who had the hook before is called as ever, and whoever takes it later may call this one at any time.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from logster.delivery.stderr import complain


class Hook:
    """Stands in `module` under `name`: captures, then calls what stood there before.

    Arguments:
        module: where the hook is.
        name: how it is called there.
        capture: called with what the interpreter hands to the hook.
    """

    def __init__(self, module: ModuleType, name: str, capture: Callable[..., object]) -> None:
        self._module = module
        self._name = name
        self._capture = capture
        self._is_on = True
        self._before: Callable[..., object] = getattr(module, name)
        setattr(module, name, self)

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        try:
            if self._is_on:
                self._capture(*args, **kwargs)
        except Exception as error:
            complain(f"{self._name} could not be reported: {type(error).__name__}")
        finally:
            self.pass_on(*args, **kwargs)

    def pass_on(self, *args: Any, **kwargs: Any) -> None:
        """Call what stood there before."""
        self._before(*args, **kwargs)

    def cancel(self) -> None:
        """Give the hook back; where somebody has taken it since and may call this one, only pass on."""
        self._is_on = False
        if getattr(self._module, self._name) is self:
            setattr(self._module, self._name, self._before)
