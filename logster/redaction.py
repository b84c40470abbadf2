"""Secrets out of env, parameters, headers, URLs, messages and tracebacks, by key and by value.

Owns what counts as a secret. Input is untrusted and may be long, so every expression runs on a linear-time engine,
and one cheap search decides whether the expensive ones are needed at all.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any
from urllib.parse import unquote, unquote_plus, urlsplit, urlunsplit

import msgspec
import re2

MASK = "[redacted]"
_MAX_DEPTH = 20


def _words(text: str, separator: str | None = None) -> frozenset[str]:
    return frozenset(text.split(separator))


# A key is secret if one of its parts is one of these …
_PARTS = _words(
    "password passwords passwd passwds passphrase passcode pass pwd pw secret secrets token tokens apikey apikeys "
    "apitoken authtoken accesstoken refreshtoken authorization cookie cookies session sessions sessionid sess "
    "sessid csrf xsrf csrftoken credential credentials creds privatekey accesskey secretkey cardnumber creditcard "
    "cvv cvc cvv2 cvc2 ssn jwt otp totp signature bearer phpsessid jsessionid",
)
# … or two that stand side by side are one of these …
_PAIRS = _words(
    "api key|access key|private key|secret key|signing key|encryption key|master key|auth key|session key|ssh key|"
    "pass phrase|pass word|pass code|pass wd|credit card|debit card|card number|card num|card no|card cvv|card cvc|"
    "security code|social security|auth code|authorization code|recovery code|backup code|card pan",
    "|",
)
# … or it is one of these as a whole, or ends in one of those.
_WHOLE = _words("auth authentication pin sig card pan key_id_secret")
_ENDINGS = ("password", "passwd", "passphrase", "secret", "apikey", "token", "sessionid", "cookie")
# A number of tokens is no token.
_COUNTED = _words(
    "count counts max maximum min total limit limits used usage budget remaining length len size per type expires "
    "expiry expiration ttl age timeout url uri endpoint name policy field header enabled valid invalid",
)
_COUNTABLE = _words("token tokens session sessions cookie cookies password passwords secret secrets csrf")
# What follows these runs to the end of the line: "Authorization: Basic …", "Cookie: a=b; c=d".
_WHOLE_LINE = frozenset(("authorization", "proxyauthorization", "cookie", "setcookie", "cookies"))

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# What stands between the words of a name, also where that is encoded for a URL, once or more often.
_BETWEEN = r"(?:[\W_]|%(?:25)*(?:20|2d|2e|5f))*"
_SIGNS_OF_KEYS = (
    rf"pass|pwd|\bpw\b|secret|token|api{_BETWEEN}key|auth|cookie|sess|csrf|xsrf|cred|(?:private|access|secret|"
    rf"signing|encryption|master|ssh){_BETWEEN}key|card|cvv|cvc|ssn|social|jwt|otp|signature|\bsig\b|"
    rf"(?:\b|%[0-9a-f]{{2}})(?:pin|pan)(?:\b|_)|(?:security|recovery|backup){_BETWEEN}code"
)
_GAP = r"(?:[ +\-]|\x{a0}|%(?:25)*20)?"
_SIGNS_OF_VALUES = (
    r"bearer|basic|digest|eyj|-----begin|://[^\s]*@|://[^/\s:]*:[^/\s]*[^/\s0-9]|%2f%(?:25)*2f\S*%(?:25)*40|akia|asia|"
    r"gh[opusr]_|github_pat|glpat|xox|[srp]k[-_]|aiza|sg\.|npm_|pypi-|whsec_|hooks\.slack|"
    rf"\d(?:{_GAP}\d){{12}}"
)

_Rule = tuple[Any, Callable[[Any], str]]


def _keep_first_group(match: Any) -> str:
    return f"{match[1]}{MASK}"


def _authorization(match: Any) -> str:
    scheme, value = match[2].lower(), match[4]
    if scheme == "bearer" and value.lower() in _WORDS_AFTER_BEARER:
        return str(match[0])
    if scheme != "bearer" and _is_word(value):
        return str(match[0])
    return f"{match[1]}{match[2]}{match[3]}{MASK}"


_WORDS_AFTER_BEARER = _words("authentication authorization credentials token tokens realm scheme")


def _is_word(value: str) -> bool:
    return value.isalpha() and (value.islower() or value.istitle() or value.isupper())


def _cut_password(match: Any) -> str:
    is_port = match[2].rstrip(".,;:!?)*`").isdecimal()
    return str(match[0]) if is_port else f"{match[1]}{MASK}{match[3]}"


_ENCODED_SPACE = re.compile(r"%(?:25)*20")


def _card_number(match: Any) -> str:
    text = str(match[0])
    digits = [int(each) for each in _ENCODED_SPACE.sub("", text) if each.isdigit()]
    doubled = (each * 2 - 9 if each > 4 else each * 2 for each in digits[-2::-2])
    return MASK if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 else text


_VALUE_RULES: tuple[_Rule, ...] = (
    (
        re2.compile(
            r"(?s)-----BEGIN[A-Z0-9 +%]*PRIVATE(?:[ +]|%(?:25)*20)KEY[A-Z ]*-----.*?"
            r"(?:-----END[A-Z0-9 +%]*KEY[A-Z ]*-----|\z)"
        ),
        lambda _: MASK,
    ),
    (re2.compile(r"(?i)([a-z][a-z0-9+.-]*://[^/\s:@\"'<>]*:)[^/\s\"'<>]+@"), lambda match: f"{match[1]}{MASK}@"),
    (re2.compile(r"(?i)([a-z][a-z0-9+.-]*://)[^/\s:@\"'<>]{16,}@"), lambda match: f"{match[1]}{MASK}@"),
    # A password with a slash that nobody encoded; what has digits only before the slash is a port.
    (
        re2.compile(r"(?i)([a-z][a-z0-9+.-]*://[^/\s:@\"'<>\[]*:)[^/\s\"'<>]*[^/\s\"'<>0-9][^/\s\"'<>]*/[^\s\"'<>]*@"),
        lambda match: f"{match[1]}{MASK}@",
    ),
    # One that was cut off together with the @ behind it, by a limit.
    (
        re2.compile(
            r"(?i)([a-z][a-z0-9+.-]*://[^/\s:@\"'<>\[\]\\]*:)([^/\s\"'<>{}%…\[\]\\]+)(…|\z)",
        ),
        _cut_password,
    ),
    (
        re2.compile(
            r"(?i)([a-z][a-z0-9+.-]*%(?:25)*3a%(?:25)*2f%(?:25)*2f[a-z0-9._~-]*%(?:25)*3a)"
            r"[^/\s\"'<>&]+?(%(?:25)*40)"
        ),
        lambda match: f"{match[1]}{MASK}{match[2]}",
    ),
    (re2.compile(r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)*"), lambda _: MASK),
    (
        re2.compile(r"(?i)(^|[^a-z0-9_])(bearer|basic|digest)((?:\s|%20|\+)+)([a-z0-9._~+/=:%-]{6,})"),
        _authorization,
    ),
    (re2.compile(r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b"), lambda _: MASK),
    (re2.compile(r"\bgh[opusr]_[A-Za-z0-9]{16,}|\bgithub_pat_[A-Za-z0-9_]{16,}|\bglpat-[\w-]{16,}"), lambda _: MASK),
    (re2.compile(r"\bxox[a-z]-[A-Za-z0-9-]{8,}|\bxapp-[A-Za-z0-9-]{8,}"), lambda _: MASK),
    (re2.compile(r"(hooks\.slack\.com/services/)[\w/]+"), _keep_first_group),
    (re2.compile(r"\b[srp]k_(?:live|test)_[A-Za-z0-9]{8,}|\bsk-[A-Za-z0-9_-]{16,}|\bwhsec_\w{8,}"), lambda _: MASK),
    (re2.compile(r"\bAIza[\w-]{30,}|\bSG\.[\w-]{10,}\.[\w-]{10,}"), lambda _: MASK),
    (re2.compile(r"\bnpm_[A-Za-z0-9]{30,}|\bpypi-[\w-]{16,}"), lambda _: MASK),
    (re2.compile(rf"\b(?:[3-6]\d|2[2-7])(?:{_GAP}\d){{11,17}}\b"), _card_number),
)

# The quotes of a language, and those of one text within another: JSON in JSON, in a URL, in a page, in a script.
_QUOTES = r"""\\*["'`]|%(?:25)*2[27]|&(?:quot|#34|#39|#x27);|\\+u002[27]|\\+x2[27]"""

# `key=`, `"key": `, `os.environ["KEY"] =`, `key%3D`, `\"key\": `; a word before it may belong to it.
_KEY = re2.compile(
    r"""(?:([A-Za-z]+)(?:[ +]|%20))?(?:%(?:25)*[0-9A-Fa-f]{2})?"""
    r"""((?:[A-Za-z0-9_.$\-\[]|%(?:25)*(?:2[DdEe]|5[BbFf]))*[A-Za-z0-9_])"""
    rf"""(?:{_QUOTES}|\[?\]|%(?:25)*5[BbDd])*\s*"""
    r"""(?:=>|:=|===?|[:=：]|%(?:25)*3[AaDd])(?:[ \t+]|%(?:25)*20)*"""
)
# What is between a key and its value in `key: str | None = "…"`. Only names of types are left in the open, as
# anything else may be the value itself: `key: c2VjcmV0=`, `key: hunter2 host=x`.
_ANNOTATION = re.compile(
    r"""(?:(?:\w{1,20}\.)?(?:str|bytes|bytearray|int|float|bool|object|dict|list|tuple|set|None|Any|Optional|Union|Final|"""
    r"""ClassVar|Annotated|Secret|SecretStr|SecretBytes|string|String)\b(?:\[[\w., |\[\]]{0,80}\])?[ |]*){1,5}=[ \t]*"""
)
# Of any other type a value in quotes or brackets is masked with it.
_UNKNOWN_ANNOTATION = re.compile(r"""[A-Za-z_][\w., |\[\]]{0,80}=[ \t]*(?=[bBrRuUfF]{0,2}\\*["']|[\[({])""")
_TO_NEXT_LINE = re.compile(r"""\s*(?=\\*["'])""")
# `("key", "value")`, and the arguments of a program: `["--key", "value"]`, `--key value`.
_PAIR = re2.compile(rf"""[\[(]\s*[bBuU]?(?:{_QUOTES})([\w.$-]+)(?:{_QUOTES})\s*,\s*""")
_ARGUMENT = re2.compile(rf"""(?:^|[\s"'`])--([A-Za-z][\w-]*)(?:(?:{_QUOTES})\s*,\s*|[ \t]+)""")
# `<key>value</key>`, as it is and in a page.
_ELEMENT = re2.compile(r"""(?:<|&lt;)(?:[\w-]+:)?([A-Za-z_][\w.-]*)(?:\s[^<>]*)?(?:>|&gt;)""")
# `"name": "key", "value": "value"`, `name="key" value="value"`, and a form's part of its own.
_NAMED = re2.compile(
    rf"""(?i)\b(?:name|key)(?:{_QUOTES})?\s*[:=]\s*[bu]?(?:{_QUOTES})([\w.$\[\]-]+)(?:{_QUOTES})"""
    rf"""(?:[^<>{{}}\n]{{0,80}}?\b(?:value|content)(?:{_QUOTES})?\s*[:=]\s*|((?:\r?\n|\\+r\\+n|\\+n){{2}}))"""
)
_QUOTE = re.compile(
    r"""[bBrRuUfF]{0,2}(\\*(?:\"\"\"|\'\'\'|["'`])|%(?:25)*2[27]|&(?:quot|#34|#39|#x27);|\\+u002[27]|\\+x2[27])"""
)
_BARE_END = re.compile(r"""[\s,;&"'<>)}\]`]|\\n|%(?:25)*26""")
_PAIR_END = re.compile(r"\s*,?\s*[)\]]")
_ELEMENT_END = re.compile(r"(?:<|&lt;)(/?)")
_LINE_END = re.compile(r"""[\r\n"'<>]|\\[rn]""")
# What a string of a program has where a value will be: `%s`, `%(key)s`, `${key}`, `#{key}`, `$1`, `:key`, `?`.
_PLACEHOLDER = re.compile(
    r"""(?:%(?:\(\w+\))?[a-z](?:::\w+)?|[$#]\{[^{}]*\}|\$\d{1,2}|:[A-Za-z_]\w*|\?)[.:!?]*(?:[\s,;&"'<>)}\]`\\]|$)"""
)
# After the three quotes at which a string ends, and hardly after those at which one begins.
_AFTER_STRING = frozenset(".,;:)]}%")
_PREFIXES = _words("b br f fr r rb rf u t tr rt")
_LAST_WORD = re.compile(r"\w+\Z")
_HARMLESS = frozenset(("", "none", "null", "true", "false", "undefined", MASK))
_CLOSING = {"[": "]", "(": ")", "{": "}"}


class Redactor:
    """Masks what is secret.

    Arguments:
        keys: further names whose values are secret, added to the built-in ones.
    """

    def __init__(self, keys: Iterable[str] = ()) -> None:
        words = [[word.lower() for word in _WORD.findall(key)] for key in keys]
        self._keys = tuple({"".join(each) for each in words if each})
        signs = [_SIGNS_OF_KEYS, _SIGNS_OF_VALUES, *(_BETWEEN.join(each) for each in words if each)]
        self._signs = re2.compile("(?i)" + "|".join(signs))
        self.is_secret = lru_cache(maxsize=4_096)(self._is_secret)
        self.repeated_text = lru_cache(maxsize=250)(self.text)
        """The same as `text`, for what is most likely asked for again soon."""

    def _is_secret(self, key: str) -> bool:
        """Return whether what stands under `key` is secret."""
        if _is_secret_key(key[:200]):
            return True
        return bool(self._keys) and any(each in _squashed(key) for each in self._keys)

    def text(self, text: str) -> str:
        """Return `text` with its secrets masked."""
        return self._masked(text, in_source=False)

    def source(self, text: str) -> str:
        """Return lines of source code with their literal secrets masked: only what is quoted can be one.

        What a string over several lines has on others than its first cannot be told from code.
        """
        return self._masked(text, in_source=True)

    def url(self, url: str) -> str:
        """Return `url` with its password and secret parameters masked."""
        try:
            parts = urlsplit(url)
            query = "&".join(self._parameter(each) for each in parts.query.split("&")) if parts.query else ""
            url = urlunsplit(parts._replace(query=query)) if query else url
        except ValueError:
            pass
        return self.text(url)

    def _parameter(self, parameter: str) -> str:
        key, separator, value = parameter.partition("=")
        return f"{key}={MASK}" if separator and value and self.is_secret(unquote_plus(key)) else parameter

    def env(self, env: Mapping[str, Any]) -> dict[str, Any]:
        """Return `env` with its secrets masked, those of nested values too."""
        try:
            if not self._signs.search(msgspec.json.encode(env)):
                return dict(env)
        except Exception:  # noqa: S110 - what cannot be encoded is looked at piece by piece
            pass
        return self._mapping(env, 0)

    def _value(self, key: str, value: Any, depth: int) -> Any:
        if key and self.is_secret(key):
            return value if value is None or value == "" or isinstance(value, bool) else MASK
        if isinstance(value, str):
            return self.text(value)
        if depth > _MAX_DEPTH:
            return MASK
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        if isinstance(value, list | tuple):
            return self._sequence(value, depth)
        return value

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        # {"name": "password", "value": …}
        name = value.get("name") or value.get("key")
        if isinstance(name, str) and "value" in value and self.is_secret(name):
            value = {**value, "value": MASK}
        return {self.text(str(key)): self._value(str(key), each, depth + 1) for key, each in value.items()}

    def _sequence(self, value: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
        # ["password", …]
        if len(value) == 2 and isinstance(value[0], str) and self.is_secret(value[0]):
            return [self.text(value[0]), self._value(value[0], value[1], depth + 1)]
        return [self._value("", each, depth + 1) for each in value]

    def _masked(self, text: str, *, in_source: bool) -> str:
        try:
            if not self._signs.search(text.encode()):  # positions in text cost more than the search
                return text
        except UnicodeEncodeError:
            return self._masked(text.encode(errors="backslashreplace").decode(), in_source=in_source)
        for expression, replacement in _VALUE_RULES:
            text = expression.sub(replacement, text)
        return self._pairs_masked(text, in_source)

    def _pairs_masked(self, text: str, in_source: bool) -> str:
        pieces: list[str] = []
        done = 0
        quotes = _Quotes(text)
        for start, end, quoted in sorted(self._values(text, in_source)):
            if text[start:end].strip("\"'").lower() in _HARMLESS:
                continue
            if in_source and not quoted and (not quotes.are_around(start) or _PLACEHOLDER.match(text, start)):
                continue
            if start >= done:
                pieces += (text[done:start], MASK)
            done = max(done, end)
        return "".join((*pieces, text[done:])) if pieces else text

    def _values(self, text: str, in_source: bool) -> Iterator[tuple[int, int, bool]]:
        """Yield where each value starts and ends that stands under a secret name, and whether it is quoted."""
        for find in (self._assigned, self._paired, self._handed_over, self._named):
            done = 0
            # Within a value nothing is looked for that is found in the same way: it is masked, and might be long.
            for match, name in find(text):
                if (start := _start_of_value(text, match.end())) >= done:
                    quoted, done = _value_at(text, start, name)
                    if find != self._paired or done == len(text) or _PAIR_END.match(text, done):
                        yield start, done, quoted
        if not in_source:
            yield from self._enclosed(text)

    def _assigned(self, text: str) -> Iterator[tuple[Any, str]]:
        return ((each, each[2]) for each in _KEY.finditer(text) if self._is_secret_name(each[1], each[2]))

    def _paired(self, text: str) -> Iterator[tuple[Any, str]]:
        found = ((each, each[1]) for each in _PAIR.finditer(text) if self.is_secret(each[1]))
        return ((match, name) for match, name in found if _QUOTE.match(text, match.end()))

    def _handed_over(self, text: str) -> Iterator[tuple[Any, str]]:
        found = ((each, each[1]) for each in _ARGUMENT.finditer(text) if self.is_secret(each[1]))
        return (
            each for each in found if not each[1].startswith("no-") and text[each[0].end() : each[0].end() + 1] != "-"
        )

    def _named(self, text: str) -> Iterator[tuple[Any, str]]:
        # A part of a form goes on to the end of its line, as this name does.
        found = (each for each in _NAMED.finditer(text) if self.is_secret(each[1]))
        return ((each, "cookie" if each[2] else each[1]) for each in found)

    def _enclosed(self, text: str) -> Iterator[tuple[int, int, bool]]:
        for match in _ELEMENT.finditer(text):
            if self.is_secret(match[1]):
                closing = _ELEMENT_END.search(text, match.end())
                if closing and closing[1]:
                    yield match.end(), closing.start(), False

    def _is_secret_name(self, before: str | None, name: str) -> bool:
        if "%" in name:
            name = unquote(unquote(name))
        return self.is_secret(name) or (before is not None and f"{before} {name}".lower() in _PAIRS)


def _is_secret_key(key: str) -> bool:
    parts = [part.lower() for part in _WORD.findall(key)]
    whole = "".join(parts)
    if whole in _WHOLE or whole in _PARTS:
        return True
    if any(f"{first} {second}" in _PAIRS for first, second in pairwise(parts)):
        return True
    found = _PARTS.intersection(parts)
    if not found:
        return any(part.endswith(_ENDINGS) for part in parts) or parts[-1:] == ["auth"]
    # "max_tokens" counts, "session_timeout" is none, but "token_secret" is.
    return not (found <= _COUNTABLE and _COUNTED.intersection(parts))


def _squashed(key: str) -> str:
    return "".join(_WORD.findall(key)).lower()


def _start_of_value(text: str, start: int) -> int:
    between = (_ANNOTATION if text[start : start + 1].isalpha() else _TO_NEXT_LINE).match(text, start)
    return between.end() if between else start


def _value_at(text: str, start: int, key: str) -> tuple[bool, int]:
    """Return whether the value that starts at `start` is quoted, and where it ends."""
    if unknown := _UNKNOWN_ANNOTATION.match(text, start):
        return True, _value_at(text, unknown.end(), key)[1]
    if quote := _QUOTE.match(text, start):
        return True, _end_of_quoted(text, quote.end(), quote[1])
    if text[start : start + 1] in _CLOSING and not text.startswith(MASK, start):
        return '"' in text[start:] or "'" in text[start:], _end_of_brackets(text, start)
    if text.startswith(MASK, start):
        return False, start + len(MASK)
    ending = (_LINE_END if _squashed(key) in _WHOLE_LINE else _BARE_END).search(text, start)
    return False, ending.start() if ending else len(text)


def _end_of_quoted(text: str, start: int, quote: str) -> int:
    position = text.find(quote, start)
    while position > 0 and _is_escaped(text, position):
        position = text.find(quote, position + 1)
    return position + len(quote) if position >= 0 else len(text)


def _is_escaped(text: str, position: int) -> bool:
    backslashes = 0
    while position > backslashes and text[position - 1 - backslashes] == "\\":
        backslashes += 1
    return backslashes % 2 == 1


class _Quotes:
    """Tells of places in source code, asked for from left to right, whether they are within a string."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._here = 0
        self._open = ""

    def are_around(self, position: int) -> bool:
        text, here, quote = self._text, self._here, self._open
        while here < position:
            character = text[here]
            if character == "\\":
                here += 1
            elif not quote and character in "\"'`":
                quote = _opened(text, here)
                here += max(len(quote) - 1, 0)
            elif quote and text.startswith(quote, here):
                here += len(quote) - 1
                quote = ""
            elif character == "\n" and len(quote) < 3:
                quote = ""
            here += 1
        self._here, self._open = here, quote
        return bool(quote)


def _opened(text: str, here: int) -> str:
    """Return the quote that begins a string here, or nothing where one of another line ends or for an apostrophe."""
    if text.startswith(text[here] * 3, here):
        return "" if text[here + 3 : here + 4] in _AFTER_STRING else text[here] * 3
    before = _LAST_WORD.search(text[max(here - 20, 0) : here]) if text[here] == "'" else None
    return "" if before and before[0].lower() not in _PREFIXES else text[here]


def _end_of_brackets(text: str, start: int) -> int:
    expected: list[str] = []
    position = start
    while position < len(text):
        character = text[position]
        if character in "\"'":
            position = _end_of_quoted(text, position + 1, character)
            continue
        if character in _CLOSING:
            expected.append(_CLOSING[character])
        elif expected and character == expected[-1]:
            expected.pop()
            if not expected:
                return position + 1
        position += 1
    return len(text)
