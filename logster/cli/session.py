"""What a command works with: the settings as given, and the store they lead to. Connects when first asked."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from logster.settings import Settings

if TYPE_CHECKING:
    from logster.store.redis_store import RedisStore


class Session:
    """One run of a command.

    Arguments:
        redis_url: where the entries are kept; as LOGSTER_REDIS_URL says by default.
        namespace: whose entries these are; as LOGSTER_NAMESPACE says by default.
    """

    def __init__(self, redis_url: str | None = None, namespace: str | None = None) -> None:
        self._given: dict[str, Any] = {}
        self.give(redis_url=redis_url, namespace=namespace)

    def give(self, **settings: Any) -> None:
        """Take settings from options; None stands for one that was not given."""
        self._given |= {name: value for name, value in settings.items() if value is not None}

    @cached_property
    def settings(self) -> Settings:
        return Settings.from_environment(**self._given)

    @cached_property
    def store(self) -> "RedisStore":
        from logster.store.redis_store import RedisStore

        return RedisStore(self.settings)

    @property
    def namespace(self) -> str:
        return self.settings.current_namespace()

    def close(self) -> None:
        """Let go of the connections."""
        if "store" in self.__dict__:
            self.store.close()
