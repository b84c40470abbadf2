"""What a query requires is found in every entry that it matches, in the forms in which the store keeps it."""

import random

import pytest

from logster.entry import Entry, Env, Occurrence
from logster.errors import QuerySyntaxError
from logster.search import parse
from logster.search.expression import stays_in_line
from logster.search.folding import fold
from logster.store import codec
from logster.store.frames import STACK_BYTES
from logster.store.plausible import Expression, Found, plausible
from tests.unit.search.entries import entry

# Letters with a foreign twin, what JSON escapes, what regular expressions and wildcards give a meaning.
LETTERS = 'kKsSiIaA.-: "\\\n\t\u007f/*éÉİıK\u017fΣσςß\U0001f600'
EXPRESSIONS = (
    *("k", "K", "s", "a", "-", " ", "é", r"\.", r"\-", r"\d", r"\w", r"\s", r"\n", r"\b", ".", "[ka]", "[^s]", "[]a]"),
    *("[[:alpha:]k]", "(k|s)", "(?:a)", "(?i:k)", "k?", "a*", "s+", "k{0,2}", "a{2}", "i{,2}", "^", "$", r"\x6b", "|"),
    *(r"\Qa.\E", r"\"", r"\\", r"\/", "(?i)", "[kK]+?", r"\pL", "s{1}"),
    *("[^k]", "[^a-z]", "[^é]", "[^K-]", r"[^\W]", '[^"]', "[A-Z]", r"\A", r"\z", "(?-i:K)", "(?s).", r"\PL", "(?U)a*"),
    *("[[:upper:]]", "[^[:lower:]]", r"[^\x6b]", r"\B", r"\S", r"\W+", r"[\S\s]"),
)


def stored(searched: Entry, envs: list[Env]) -> tuple[str, str]:
    """Return an entry's search text and its second sample as Redis compares them: in ASCII lower case."""
    text = f"{searched.exception_type.lower()}\n{whole_text(searched, envs).decode()}"
    return text, sample_of(envs).lower().decode()


def whole_text(searched: Entry, envs: list[Env]) -> bytes:
    """Return the search text of an entry without a shared stack, some samples of which differ from the first."""
    versions = "\n".join(searched.versions).encode().lower()
    parts = [b"* " + b" " * STACK_BYTES, versions, b"", codec.env_text(envs[0]), text_of(searched)]
    return b"\n\0\n".join(parts)


def sample_of(envs: list[Env]) -> bytes:
    """Return the second sample as its difference from the first."""
    first, second = (codec.encode_env(env).split("\n") for env in envs)
    lacking = [f"-{line.partition(':')[0]}" for line in codec.encode_env(dict.fromkeys(envs[0])).split("\n")]
    return "\n".join(["1700000000000", *lacking, *(line for line in second if line not in first)]).encode()


def text_of(searched: Entry) -> bytes:
    occurrence = Occurrence(
        key=searched.key,
        level=searched.level_number,
        logger=searched.logger,
        message=searched.message,
        timestamp_ms=0,
        traceback=searched.traceback,
    )
    return codec.search_text(occurrence)


def scanned(searched: Entry, envs: list[Env]) -> Found:
    """Return what the store answers about an entry whose second sample has not a key of the first."""
    base = codec.encode_env(envs[0]).encode()
    return Found(searched.key.encode(), whole_text(searched, envs), (base, b"1700000000000", sample_of(envs)))


def word(chance: random.Random, longest: int = 12) -> str:
    return "".join(chance.choices(LETTERS, k=chance.randint(1, longest)))


def value(chance: random.Random, depth: int = 0) -> object:
    kind = chance.randint(0, 9)
    if kind < 5 or depth > 2:
        return word(chance)
    if kind == 5:
        return chance.choice([True, False, None, 0, -17, 10**15, 1e16, 1.5e-7, 0.1])
    if kind == 6:
        return [value(chance, depth + 1) for _ in range(3)]
    return {word(chance, 3): value(chance, depth + 1) for _ in range(3)}


def part_of(chance: random.Random, text: str) -> str:
    start = chance.randrange(len(text))
    return text[start : start + chance.randint(1, 8)]


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def other_case(chance: random.Random, text: str) -> str:
    return "".join(chance.choice([letter, letter.upper()[:1], letter.lower()[:1]]) for letter in text)


def written(chance: random.Random, searched: Entry, envs: list[Env]) -> str:
    """Return a query that has a good chance to match."""
    texts = [searched.message, searched.traceback, str(envs[0]["a"]), *map(str, envs[1].values())]
    term = quoted(other_case(chance, part_of(chance, chance.choice(texts))))
    expression = "".join(chance.choices(EXPRESSIONS, k=chance.randint(1, 6)))
    return chance.choice([
        term,
        f"{term} {quoted(part_of(chance, chance.choice(texts)))}",
        f"/{expression}/",
        f"/{expression}/i",
        f"env.a:{quoted(str(envs[0]['a']))}",
        f"env.n:{envs[0]['n']}",
        "env.a:*",
        "env.time:*",
        f"logger:{part_of(chance, searched.logger)}*",
        "type:*Error",
        "version:*K*",
        "host:*",
    ])  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_every_match_has_what_the_query_requires(seed: int) -> None:
    chance = random.Random(seed)
    matched = required = loosened = 0
    for _ in range(200):
        searched = entry(message=word(chance, 30), traceback=word(chance, 60), versions=[word(chance)])
        envs: list[Env] = [
            {"a": word(chance), "n": chance.choice([1e16, 2.5, 10**14, -7]), "hostname": "Kıng"},
            {word(chance, 3): value(chance) for _ in range(4)} | {"z": value(chance)},
        ]
        try:
            query = parse(written(chance, searched, envs))
        except QuerySyntaxError:
            continue
        if not query.matches(searched, [env | {"time": 1_700_000_000_000} for env in envs]):
            continue
        text, json = stored(searched, envs)
        missing = [literal for literal in query.required if literal not in text and literal not in json]
        assert not missing, (query.text, searched.message, searched.traceback, envs)
        expressions = [
            Expression(each, frozenset() if stays_in_line(each.pattern) else None) for each in query.loosened
        ]
        assert plausible([scanned(searched, envs)], expressions), (query.text, searched, envs)
        matched += 1
        loosened += len(query.loosened)
        required += len(query.required)
    assert matched > 50
    assert required > 20
    assert loosened > 3


@pytest.mark.parametrize(
    ("written", "required"),
    [
        ("Timeout", ("timeout",)),
        ('"Connection refused" conn', ("connection refused",)),
        ("-timeout", ()),
        ("x", ()),
        ('"a \\"quoted\\" word"', ("quoted", " word", "a ")),
        ("naïveté", ("vet", "na")),
        ("/Time(d)? out/", (" out", "time")),
        ("/timed?out/", ("time", "out")),
        ("/ti(?i)me/", ("me", "ti")),
        ("/tasks?/i", ("ta",)),
        ("/timekeeper/i", ("eeper", "time")),
        ("/a|bc/", ()),
        ("/(abc)/", ()),
        (r"/ab\x41cd/", ()),
        (r"/[[:alpha:]x]]cd+ef{2}gh/", ("]cd", "gh")),
        ("type:*Timeout*Error", ("timeout", "error")),
        ("logger:shop", ("shop",)),
        ("host:web-1", ("web-1",)),
        ("env.user.id:*", ("user", "id")),
        ("env.time:*", ()),
        ("version:1.*", ("1.",)),
        ("level:error count:>10 is:solved since:2h", ()),
    ],
)
def test_a_query_requires(written: str, required: tuple[str, ...]) -> None:
    assert parse(written).required == required


def test_folding_keeps_every_character_in_its_place_and_makes_none_ascii() -> None:
    for code in range(0x80, 0x110000):
        folded = fold(chr(code))
        assert len(folded) == 1, hex(code)
        assert not folded.isascii(), hex(code)


@pytest.mark.parametrize(
    ("expression", "text", "found"),
    [
        ("Order [0-9]{3}", "order 123", True),
        ("Order [0-9]{3}", "order 12", False),
        (r"^Failed$", "it\nfailed\nso", True),
        (r"\AFailed\z", "it\nfailed\nso", True),
        (r"^Failed$", "it failed", False),
        ('"[^"]+"', 'a "b" c', True),
        ('"[^"]+"', "a 'b' c", False),
        ("A[^a-z]B", "aCb", True),
        ("A[^é]B", "aÉb", True),
        (r"A\W\d", "a\u017f2", True),
        (r"A[\W_]\d", "a\u212a2", True),
    ],
)
def test_a_regular_expression_is_looked_for_in_lower_case(expression: str, text: str, found: bool) -> None:
    (loosened,) = parse(f"/{expression}/").loosened
    assert (loosened.search(text.encode()) is not None) == found


@pytest.mark.parametrize("expression", [r"\pLu", r"\PL", "[[:upper:]]", "(?-i:K)", r"\QA\E", "(?i-s:K)"])
def test_what_tells_cases_apart_is_not_looked_for_in_lower_case(expression: str) -> None:
    assert parse(f"/{expression}/").loosened == ()
