"""What surrounds the code that runs now, on contextvars: bound env and the current request.

Owns the context and its copy-on-write rules: what a snapshot refers to never changes afterwards.
"""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any, TypeVar

from logster.capture.carried import carry
from logster.capture.line import Line, Strand, note_undone
from logster.capture.plain import plain
from logster.capture.trail import Crumb
from logster.entry import Env

_NOTHING: Mapping[str, Any] = {}
_Function = TypeVar("_Function", bound=Callable[..., Any])
_Awaitable = TypeVar("_Awaitable")


class RequestContext:
    """One request: its env, made when it is first needed, and the snapshot of the error that was last captured in it.

    Arguments:
        factory: returns the env of the request; called at most once, on whatever thread needs it first, so it
            must refer to nothing that changes or ends with the request.
        log_path: where the log stands in the app that serves the request; empty where it is not known.
    """

    __slots__ = ("_added", "_env", "_factory", "captured", "line", "log_path", "trail")

    def __init__(self, factory: Callable[[], Env], log_path: str = "") -> None:
        self._factory: Callable[[], Env] | None = factory
        self._env: Env = {}
        self._added: Mapping[str, Any] = _NOTHING
        self.captured: Any = None
        self.log_path = log_path
        self.line: Line | None = None
        self.trail: tuple[Crumb, ...] = ()

    def add(self, key: str, value: Any) -> None:
        """Add to the env of the request; what was captured before shows it too."""
        self._added = {**self._added, key: value}

    def supply(self, key: str, value: Any) -> None:
        """Add to the env of the request what nobody has added yet."""
        if key not in self._added:
            self.add(key, value)

    def follow(self, coroutine: _Awaitable) -> _Awaitable:
        """Take note of what is bound on threads that a coroutine waits for, and return it to be awaited."""
        if self.line is None:
            self.line = Line(coroutine)
        else:
            self.line.narrow(coroutine)
        return coroutine

    def env(self) -> Env:
        """Return the env of the request."""
        factory = self._factory
        if factory is not None:
            try:
                self._env = factory()
            except Exception as error:
                self._env = {"request": f"<could not be read: {type(error).__name__}>"}
            self._factory = None
        return {**self._env, **self._added} if self._added else self._env


_request: ContextVar[RequestContext | None] = ContextVar("logster_request", default=None)
_bound: ContextVar[Mapping[str, Any]] = ContextVar("logster_bound", default=_NOTHING)
_trail: ContextVar[tuple[Crumb, ...]] = ContextVar("logster_trail", default=())
# The request that an exception has just left: whoever makes the error page may stand outside of it.
_failed: ContextVar[RequestContext | None] = ContextVar("logster_failed", default=None)

# What a logging call pays for: one look-up each.
current_request = _request.get
current_bound = _bound.get
# Of the context alone: a request has its own, on whatever thread or task of it they were left.
current_trail = _trail.get


def leave(crumb: Crumb, at_most: int) -> None:
    """Keep a breadcrumb, and of those before it as many as there may be."""
    request = _request.get()
    if request is None:
        _trail.set((*_trail.get(), crumb)[-at_most:])
    else:
        request.trail = (*request.trail, crumb)[-at_most:]


def current_env() -> Env:
    """Return the env of the current context: that of the request, and over it what is bound."""
    request = _request.get()
    return {**(request.env() if request else {}), **_bound.get()}


def last_captured() -> tuple[Any, str]:
    """Return the snapshot of the error that was last captured in this request, and where the log stands in its app."""
    for request in (_request.get(), _failed.get()):
        if request is not None and request.captured is not None:
            return request.captured, request.log_path
    return None, ""


@contextmanager
def request_context(factory: Callable[[], Env], log_path: str = "") -> Iterator[RequestContext]:
    """Make what is captured inside carry the env of one request.

    Arguments:
        factory: returns the env; see RequestContext.
        log_path: where the log stands in the app that serves the request.
    """
    request = RequestContext(factory, log_path)
    token = _request.set(request)
    bound = _bound.set(_bound.get())
    _failed.set(None)
    try:
        yield request
    except Exception:
        _failed.set(request)
        raise
    finally:
        request.line = None
        _reset(_bound, bound)
        _reset(_request, token)


def bind_what_threads_bound(request: RequestContext) -> None:
    """Bind in the request's own context what the threads that its coroutine waited for have bound and left so."""
    if request.line is not None:
        _bound.set(request.line.bound(_bound.get()))


def _reset(variable: ContextVar[Any], token: Token[Any]) -> bool:
    try:
        variable.reset(token)
    except ValueError:
        # Closed in another context than it was opened in, as async generators may be: nothing to restore there.
        return False
    return True


def _current_line() -> Line | None:
    # Looked up once, since a thread may outlive its request.
    request = _request.get()
    return None if request is None else request.line


def add_to_env(key: str, value: Any) -> None:
    """Add a value to the env of the current request, or to the current context where there is no request."""
    request = _request.get()
    if request is not None:
        request.add(key, plain(value))
    else:
        _bound.set({**_bound.get(), key: plain(value)})


class bind:  # noqa: N801 - reads as the verb that it is
    """Bind values to the env of the current context.

    As a call it holds until the context (task, thread, request) ends; as a context manager or decorator, of
    functions, coroutine functions and generators alike, for what is inside. An exception that leaves carries the values
    along, so that they are in its report wherever it is caught.
    """

    def __init__(self, **env: Any) -> None:
        self._env = {key: plain(value) for key, value in env.items()}
        before = _bound.get()
        now = {**before, **self._env}
        self._before = [_bound.set(now)]
        line = _current_line()
        self._strand: Strand | None = None if line is None else line.note(before, now)

    def __enter__(self) -> "bind":
        return self

    def __exit__(self, kind: object = None, error: BaseException | None = None, traceback: object = None) -> None:
        if self._before:
            token = self._before.pop()
            # A sync generator may end on another thread than it began on, and in a context where nothing is bound.
            if not _unbind(token, error) and self._strand is not None and error is None:
                self._strand.bound = _NOTHING if token.old_value is Token.MISSING else token.old_value

    def __call__(self, function: _Function) -> _Function:
        # A decorator binds when the function runs, not where it is defined.
        self.__exit__()
        wrap = next((wrap for is_kind, wrap in _WRAPPERS if is_kind(function)), _wrapper)
        return wrap(function, self._env)  # type: ignore[return-value]


@contextmanager
def _binding(env: Mapping[str, Any]) -> Iterator[None]:
    token = _bound.set({**_bound.get(), **env})
    try:
        yield
    except BaseException as error:
        _unbind(token, error)
        raise
    else:
        _unbind(token, None)


def _unbind(token: Token[Any], error: BaseException | None) -> bool:
    bound = _bound.get()
    is_here = _reset(_bound, token)
    if is_here:
        note_undone(bound, _bound.get())
        if error is None and (line := _current_line()) is not None:
            line.leave(bound)
    if isinstance(error, Exception):
        carry(error, bound, _bound.get())
    return is_here


def _wrapper(function: Callable[..., Any], env: Mapping[str, Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with _binding(env):
            return function(*args, **kwargs)

    return call


def _async_wrapper(function: Callable[..., Any], env: Mapping[str, Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        with _binding(env):
            return await function(*args, **kwargs)

    return call


def _generator_wrapper(function: Callable[..., Any], env: Mapping[str, Any]) -> Callable[..., Any]:
    # Between two steps the code of the caller runs, in which nothing is to be bound.
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        generator = function(*args, **kwargs)
        step = functools.partial(next, generator)
        while True:
            with _binding(env):
                try:
                    value = step()
                except StopIteration as end:
                    return end.value
            try:
                step = functools.partial(generator.send, (yield value))
            except GeneratorExit:
                with _binding(env):
                    generator.close()
                raise
            except BaseException as error:
                step = functools.partial(generator.throw, error)

    return call


def _async_generator_wrapper(function: Callable[..., Any], env: Mapping[str, Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        generator = function(*args, **kwargs)
        step = generator.__anext__
        while True:
            with _binding(env):
                try:
                    value = await step()
                except StopAsyncIteration:
                    return
            try:
                step = functools.partial(generator.asend, (yield value))
            except GeneratorExit:
                with _binding(env):
                    await generator.aclose()
                raise
            except BaseException as error:
                step = functools.partial(generator.athrow, error)

    return call


_WRAPPERS = (
    (inspect.iscoroutinefunction, _async_wrapper),
    (inspect.isgeneratorfunction, _generator_wrapper),
    (inspect.isasyncgenfunction, _async_generator_wrapper),
)
