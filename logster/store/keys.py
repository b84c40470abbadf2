"""Every key name in one place. Scripts put the same names together from the prefix; a test holds the two together."""

from collections.abc import Sequence


class Keys:
    """The keys of one namespace. The braces are a Redis Cluster hash tag: a namespace lives on one node."""

    __slots__ = ("namespace", "prefix")

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.prefix = f"{{logster:{namespace}}}:"

    def entry(self, key: str) -> str:
        return f"{self.prefix}entry:{key}"

    def env(self, key: str) -> str:
        return f"{self.prefix}env:{key}"

    def recent(self, level: int) -> str:
        return f"{self.prefix}recent:{level}"

    def solved_recent(self, level: int) -> str:
        return f"{self.prefix}solved:{level}"

    @property
    def texts(self) -> str:
        return f"{self.prefix}texts"

    @property
    def frames(self) -> str:
        return f"{self.prefix}frames"

    @property
    def trimmable(self) -> str:
        return f"{self.prefix}trimmable"

    @property
    def protected(self) -> str:
        return f"{self.prefix}protected"

    @property
    def solved(self) -> str:
        return f"{self.prefix}solved"

    @property
    def solved_versions(self) -> str:
        return f"{self.prefix}solved:versions"

    def patterns(self, kind: str) -> str:
        return f"{self.prefix}patterns:{kind}"

    @property
    def pattern_hits(self) -> str:
        return f"{self.prefix}patterns:hits"

    @property
    def pattern_version(self) -> str:
        return f"{self.prefix}patterns:version"

    @property
    def unfinished_regrouping(self) -> str:
        return f"{self.prefix}patterns:regroup"

    @property
    def history(self) -> str:
        return f"{self.prefix}history"

    @property
    def regrouping(self) -> str:
        return f"{self.prefix}patterns:regrouping"

    @property
    def groups(self) -> str:
        return f"{self.prefix}groups"

    def group(self, name: str) -> str:
        return f"{self.prefix}group:{name}"

    def grouped(self, level: int) -> str:
        return f"{self.prefix}grouped:{level}"

    def deleted(self, token: str) -> str:
        return f"{self.prefix}deleted:{token}"

    @property
    def deletions(self) -> str:
        return f"{self.prefix}deletions"

    @property
    def rates_watched(self) -> str:
        return f"{self.prefix}rates:watched"

    def rate(self, per: str, level: int) -> str:
        return f"{self.prefix}rates:{per}:{level}"

    def rate_breach(self, per: str, limit: int, levels: str) -> str:
        return f"{self.prefix}rates:breach:{per}:{limit}:{levels}"

    @property
    def counters(self) -> str:
        return f"{self.prefix}counters"

    def timeline(self, resolution: str, level: int) -> str:
        return f"{self.prefix}timeline:{resolution}:{level}"

    def entry_timeline(self, key: str) -> str:
        return f"{self.prefix}timeline:hour:entry:{key}"

    @property
    def deploys(self) -> str:
        return f"{self.prefix}deploys"

    def sender(self, sender: str) -> str:
        return f"{self.prefix}sender:{sender}"

    def beacon(self, address: str, minute: int) -> str:
        return f"{self.prefix}beacon:{address}:{minute}"

    def attempts(self, address: str, minute: int) -> str:
        return f"{self.prefix}attempts:{address}:{minute}"

    def signed_out(self, session: str) -> str:
        return f"{self.prefix}signed-out:{session}"

    @property
    def doctor(self) -> str:
        return f"{self.prefix}doctor"

    @property
    def events(self) -> str:
        return f"{self.prefix}events"

    @property
    def schema(self) -> str:
        return f"{self.prefix}schema"

    def rows(self, levels: Sequence[int], *, solved: bool = False) -> list[str]:
        """Return the sorted sets that list the entries of `levels`, solved ones too where asked."""
        shown = [self.recent(level) for level in levels]
        return shown + self.solved_rows(levels) if solved else shown

    def solved_rows(self, levels: Sequence[int]) -> list[str]:
        """Return the sorted sets that list the solved entries of `levels`."""
        return [self.solved_recent(level) for level in levels]
