"""Secrets to plant, in the forms in which programs write them, each beside a word that is none and has to arrive."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

OWN_KEY = "internal_note"
"""What the setting `redact_keys` has to name."""
BEGINNING = "hunter2"
"""That of every secret: so much of one is enough."""


def _json(secret: str) -> str:
    return json.dumps({"user": "bob", "password": secret})


def _card(number: int) -> str:
    """Return a card number of which the last digit is right."""
    body = f"49298123{number:07d}"
    doubled = (int(each) * 2 for each in body[::-2])
    total = sum(each - 9 if each > 9 else each for each in doubled) + sum(map(int, body[-2::-2]))
    return f"{body}{-total % 10}"


FORMS: dict[str, Callable[[str], str]] = {
    "pair": lambda secret: f"password={secret} user=bob",
    "text": lambda secret: f"API key: {secret}",
    "own key": lambda secret: f"{OWN_KEY}={secret}",
    "DSN": lambda secret: f"host=db user=bob password='{secret}' dbname=shop",
    "form": lambda secret: f"user=bob&passwd={secret}&page=2",
    "form in a URL": lambda secret: quote(f"user=bob&token={secret}&page=2"),
    "JSON": _json,
    "JSON in JSON": lambda secret: json.dumps({"body": _json(secret)}),
    "JSON in a URL": lambda secret: quote(_json(secret)),
    "JSON in a URL in a URL": lambda secret: quote(quote(_json(secret))),
    "JSON in a script": lambda secret: _json(secret).replace('"', "\\u0022"),
    "repr of a dict": lambda secret: repr({"user": "bob", "client_secret": secret}),
    "repr of bytes": lambda secret: repr(_json(secret).encode()),
    "repr of ASGI's headers": lambda secret: repr([(b"x-api-key", secret.encode()), (b"cookie", secret.encode())]),
    "repr of an object": lambda secret: f"Login(user='bob', password='{secret}')",
    "fields": lambda secret: json.dumps([{"name": "password", "value": secret}]),
    "part of a form": lambda secret: f'form-data; name="password"\r\n\r\n{secret}\r\n--boundary',
    "XML": lambda secret: f"<login><user>bob</user><password>{secret}</password></login>",
    "arguments": lambda secret: f"Command '['psql', '--password', '{secret}']' returned 1",
    "URL with a password": lambda secret: f"cannot reach postgresql://bob:{secret}@db.example/shop",
    "URL in a URL": lambda secret: f"next={quote(f'https://bob:{secret}@shop.example/', safe='')}",
    "URL with a token": lambda secret: f"https://shop.example/reset?access_token={secret}&page=2",
    "Bearer": lambda secret: f"Authorization: Bearer {secret}",
    "Basic": lambda secret: f"Authorization: Basic {base64.b64encode(f'bob:{secret}'.encode()).decode()}",
    "Cookie": lambda secret: f"Cookie: theme=dark; id={secret}",
    "Set-Cookie": lambda secret: f"Set-Cookie: sessionid={secret}; Path=/",
    "JWT": lambda secret: f"got eyJhbGciOiJIUzI1NiJ9.{secret}.{secret} of bob",
    "private key": lambda secret: f"-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----",
    "AWS key": lambda secret: f"key AKIA{secret.upper():A<16} of bob",
    "GitHub token": lambda secret: f"cloned with ghp_{secret}abcdefgh",
    "Stripe key": lambda secret: f"charged with sk_live_{secret}",
    "card number": lambda secret: f"card {_card(int(secret[-5:]))} declined",
    "card number in groups": lambda secret: f"card {' '.join(re.findall('....', _card(int(secret[-5:]))))} declined",
}  # fmt: skip

KEYS = ("password", "apiKey", "X-Auth-Token", "sessionid", "card_number", "cookies", OWN_KEY)

# Also of a card number, and of "bob:" and a secret in Base64.
_SECRETS = re.compile(
    rf"{BEGINNING}(?:x\d{{5}})?|4929[ -]?8123[ -]?\d{{4}}[ -]?\d{{3}}|Ym9iOmh1bnRlcj|h1bnRlcj", re.IGNORECASE
)
_CONTROLS = re.compile(r"control(\d{5})", re.IGNORECASE)
_TAGS = re.compile(r"<[^<>]*>")


class Secrets:
    """Makes secrets, remembers where they were planted, and finds them again."""

    def __init__(self) -> None:
        self._planted: dict[str, str] = {}

    def plant(self, place: str) -> tuple[str, str]:
        """Return a secret for a place, and a word that is to be found where the place was looked at."""
        number = f"{len(self._planted) + 1:05d}"
        self._planted[number] = place
        return f"{BEGINNING}x{number}", f"control{number}"

    def another(self) -> str:
        """Return one more secret for a place that has a control already."""
        return self.plant("")[0]

    def text(self, place: str, form: str) -> str:
        """Return a secret in one of the forms, behind its control."""
        secret, control = self.plant(f"{place}, {form}")
        return f"{control} {FORMS[form](secret)}"

    def texts(self, place: str) -> list[str]:
        """Return one text for each form."""
        return [self.text(place, form) for form in FORMS]

    def values(self, place: str) -> dict[str, Any]:
        """Return what is secret for the names of its keys, within structures of every kind."""
        found: dict[str, Any] = {}
        for number, name in enumerate(KEYS):
            secret, control = self.plant(f"{place}, {name}")
            found |= {name: secret, f"beside {number}": control}
        inner, beside_inner = self.plant(f"{place}, nested")
        listed, beside_listed = self.plant(f"{place}, listed")
        return found | {
            "order": {"number": beside_inner, "items": [{"credentials": {"user": inner}}]},
            "headers": [["Authorization", listed], ["Accept", beside_listed]],
        }

    def found_in(self, output: str | bytes) -> set[str]:
        """Return where the secrets were planted that come out in an output, as it is or decoded."""
        text = output.decode("utf-8", "replace") if isinstance(output, bytes) else output
        found = {each for form in (text, _TAGS.sub("", text), unquote(text)) for each in _SECRETS.findall(form)}
        return {f"{self._planted.get(each[-5:], '')}: {each}" for each in found}

    def missing_in(self, outputs: list[bytes]) -> set[str]:
        """Return the places whose controls are in none of the outputs: nobody looked at these places."""
        seen = {number for each in outputs for number in _CONTROLS.findall(each.decode("utf-8", "replace"))}
        return {place for number, place in self._planted.items() if place and number not in seen}
