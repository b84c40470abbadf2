"""The search language at hand: what the page shows of docs/search.md, beside the field."""

SYNTAX: tuple[tuple[str, str], ...] = (
    ("timeout redis", "both words, in any order"),
    ('"connection refused"', "these words next to each other"),
    ("-healthcheck", "not this word"),
    (r"/timed? ?out/i", "a regular expression; i ignores case"),
    ("level:>=warning", "of this level and above"),
    ("logger:payments", "the logger and those below it"),
    ("type:ValueError", "with this exception"),
    ("host:web-1", "seen on this host"),
    ("version:2.4.*", "seen in this version of the app"),
    ("env.user_id:42", "with this env value"),
    ("count:>10", "seen more than 10 times"),
    ("since:2h", "last seen within two hours"),
    ("until:2026-01-31", "last seen then or before"),
    ("is:protected", "protected, solved or regressed"),
)
