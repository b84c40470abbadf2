"""What is secret never comes out, and what is not stays readable."""

import json
import urllib.parse

import pytest

from logster.redaction import MASK, Redactor

SECRET = "hunter2-s3cr3t"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXZhbHVl"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAhunter2\nabcdefg\n-----END RSA PRIVATE KEY-----"

SECRET_KEYS = [
    "password",
    "PASSWORD",
    "Password",
    "userPassword",
    "user_password",
    "userpassword",
    "password_confirmation",
    "new-password",
    "DB_PASSWORD",
    "passwd",
    "pwd",
    "secret",
    "client_secret",
    "SECRET_KEY",
    "AWS_SECRET_ACCESS_KEY",
    "token",
    "access_token",
    "accessToken",
    "refresh-token",
    "X-Auth-Token",
    "api_key",
    "apiKey",
    "apikey",
    "API-KEY",
    "X-Api-Key",
    "x-api-key",
    "authorization",
    "Authorization",
    "Proxy-Authorization",
    "cookie",
    "Set-Cookie",
    "session",
    "sessionid",
    "session_id",
    "PHPSESSID",
    "csrf",
    "csrftoken",
    "csrfmiddlewaretoken",
    "X-CSRF-Token",
    "_csrf_token",
    "credential",
    "credentials",
    "private_key",
    "privateKey",
    "access_key",
    "card_number",
    "cardNumber",
    "credit_card",
    "cvv",
    "cvc",
    "ssn",
    "passphrase",
    "jwt",
    "auth",
    "pin",
]

HARMLESS_KEYS = [
    "tokenizer",
    "author",
    "authority",
    "passenger",
    "passed",
    "compass",
    "secretary",
    "cookies_enabled",
    "max_tokens",
    "token_count",
    "session_timeout",
    "cardinality",
    "discard",
    "keyboard",
    "monkey",
    "primary_key",
    "foreign_key",
    "shipping",
    "obsession",
    "user",
    "email",
    "spin",
    "assessment",
    "id",
]


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_a_secret_key_masks_its_value(key: str) -> None:
    assert Redactor().env({key: SECRET}) == {key: MASK}


@pytest.mark.parametrize("key", HARMLESS_KEYS)
def test_a_key_that_only_looks_secret_keeps_its_value(key: str) -> None:
    assert Redactor().env({key: "visible"}) == {key: "visible"}
    assert Redactor().text(f"{key}=visible") == f"{key}=visible"


# Wherever it is planted, it must not come out.
PLANTED = [
    f"password={SECRET}",
    f"Password: {SECRET}",
    f"password = {SECRET}",
    f"the password:{SECRET} is wrong",
    f"password=>{SECRET}",
    f"invalid api key: {SECRET}",
    f"user=bob&password={SECRET}&page=2",
    f"/login?user=bob&token={SECRET}#top",
    f"user=bob;password={SECRET};",
    f"(password={SECRET})",
    f"password%3D{SECRET}",
    f"%22password%22%3A%22{SECRET}%22",
    f'{{"password": "{SECRET}"}}',
    f'{{"password":"{SECRET} with spaces, and \\" more {SECRET}"}}',
    f"{{'password': '{SECRET}'}}",
    f"{{'password': ['{SECRET}', 'b {SECRET}']}}",
    f"{{'password': ('a', '{SECRET}')}}",
    f"{{'password': {{'a': {{'b': '{SECRET}'}}, 'c': '{SECRET}'}}}}",
    f"{{'password': b'{SECRET}'}}",
    f"{{&quot;password&quot;: &quot;{SECRET}&quot;}}",
    json.dumps({"body": json.dumps({"password": SECRET})}),
    json.dumps({"a": json.dumps({"b": json.dumps({"password": SECRET})})}),
    f"Login(user='bob', password='{SECRET}')",
    f"Login(user='bob', password='''{SECRET}''')",
    f"os.environ['DB_PASSWORD'] = '{SECRET}'",
    f'password: str = "{SECRET}"',
    f'password: typing.Optional[str] | None = "{SECRET}"',
    f'password: vault.Sealed = "{SECRET}"',
    f"password: Mapping[str, str] = {{'a': '{SECRET}'}}",
    f'"password":\n    "{SECRET}"',
    f"error: password={SECRET}",
    f"error:\npassword={SECRET}",
    f"a:password={SECRET}",
    f"could not connect: api key={SECRET}",
    f"password: {SECRET} host=x",
    f"password: {SECRET}=",
    f"password: {SECRET} user = 'x'",
    f"DB_PASSWORD={SECRET}",
    f"export API_KEY={SECRET}",
    f"--password={SECRET}",
    f"user[password]={SECRET}",
    f"user%5Bpassword%5D={SECRET}",
    f"Authorization: Bearer {SECRET}",
    f"Authorization: Basic {SECRET}",
    f"Authorization: Token {SECRET}",
    f"Authorization: Custom abc {SECRET}",
    f"'authorization': 'Bearer {SECRET}'",
    f"(b'authorization', b'Bearer {SECRET}')",
    f"curl -H 'Authorization: Bearer {SECRET}' https://example.com",
    f"bearer {SECRET}",
    f"Bearer%20{SECRET}",
    f"Cookie: a=b; c={SECRET}",
    f"Set-Cookie: sessionid={SECRET}; Path=/",
    f"redis://:{SECRET}@localhost:6379/0",
    f"postgresql+psycopg://bob:{SECRET}@db.example.com/app",
    f"amqp://bob:p@ss{SECRET}@host/",
    f"could not connect to https://user:{SECRET}@example.com/path?x=1",
    f"https://{SECRET}0123456789@github.com/o/r",
    f"[{'password'}] password: '{SECRET}",
    f"PASSWORD:\t{SECRET}",
    f"ünïcödé ☃ password={SECRET}",
    f"\ud800 password={SECRET}",
    f"line one\nline two password={SECRET}\nline three",
    f"[('user', 'bob'), ('password', '{SECRET}')]",
    f"[(b'x-api-key', b'{SECRET}')]",
    f"[('password', '{SECRET}",
    json.dumps([["password", SECRET]]),
    json.dumps({"name": "password", "value": SECRET}),
    repr([{"key": "token", "value": SECRET}]),
    urllib.parse.quote(json.dumps({"password": SECRET})),
    urllib.parse.quote(urllib.parse.quote(json.dumps({"password": SECRET}))),
    urllib.parse.quote(urllib.parse.quote(f"a=b&password={SECRET}")),
    f"user%5Bpassword%5D%5B%5D={SECRET}",
    f"user[password][]={SECRET}",
    f"a%3Db%26pin%3D{SECRET}",
    f"api%5Fkey={SECRET}",
    f"api+key={SECRET}",
    "next=" + urllib.parse.quote(f"https://bob:{SECRET}@example.com/", safe=""),
    f"https://bob:pa/{SECRET}@example.com/",
    f"https://bob:{SECRET}",
    f"https://bob:{SECRET}… (20 more characters)",
    f"<password>{SECRET}</password>",
    f"<wsse:Password Type='text'>{SECRET}</wsse:Password>",
    f"&lt;password&gt;{SECRET}&lt;/password&gt;",
    f'<input type="hidden" name="csrf_token" value="{SECRET}">',
    f'Content-Disposition: form-data; name="password"\r\n\r\n{SECRET} and more\r\n--x',
    f"b'form-data; name=\"password\"\\r\\n\\r\\n{SECRET} and more\\r\\n--x'",
    json.dumps({"password": SECRET}).replace('"', "\\u0022"),
    json.dumps({"password": SECRET}).replace('"', "\\x22"),
    f"psql --user bob --password {SECRET}",
    f"Command '['psql', '--password', '{SECRET}', 'shop']' returned non-zero exit status 1",
    f"assert password == '{SECRET}'",
    f"password：{SECRET}",
    f"Error: password={SECRET}",
    f"ValueError: login of bob password={SECRET}",
    f"Error: user[password]={SECRET}",
    f"password: str | None = '{SECRET}'",
    f"password: list[str] = ['{SECRET}']",
    f"-----BEGIN%20PRIVATE%20KEY-----%0A{SECRET}%0A-----END%20PRIVATE%20KEY-----",
]


@pytest.mark.parametrize("text", PLANTED)
def test_a_planted_secret_does_not_come_out_of_text(text: str) -> None:
    result = Redactor().text(text)

    assert SECRET not in result
    assert MASK in result


@pytest.mark.parametrize("text", PLANTED)
def test_a_planted_secret_does_not_come_out_of_env(text: str) -> None:
    env = {"a": text, "b": [text, {"c": text}], text: 1, "d": {"e": {"f": (text,)}}}

    assert SECRET not in json.dumps(Redactor().env(env))


TELLING = [
    JWT,
    PEM,
    PEM.partition("-----END")[0],
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "github_pat_11ABCDEFG0abcdefghijkl_mnop",
    "glpat-abcdefghij0123456789",
    "xoxb-123456789012-abcdefghijkl",
    "https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnop",
    "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "rk_test_4eC39HqLyjWDarjtT1zdp7dc",
    "sk-proj-abcdefghijklmnop1234",
    "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "SG.abcdefghijklmnop.qrstuvwxyz0123456789",
    "npm_abcdefghijklmnopqrstuvwxyz0123456789",
    "pypi-AgEIcHlwaS5vcmcabcdef",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111%201111%201111%201111",
    "4111+1111+1111+1111",
    "4111\u00a01111\u00a01111\u00a01111",
    "5500000000000004",
    "378282246310005",
]


@pytest.mark.parametrize("secret", TELLING)
@pytest.mark.parametrize("text", ["{}", "failed with {} today", "x={}", '["{}"]'])
def test_what_looks_like_a_secret_is_masked_without_a_key(secret: str, text: str) -> None:
    result = Redactor().text(text.format(secret))

    assert MASK in result
    assert secret[-12:] not in result


@pytest.mark.parametrize(
    "text",
    [
        "order 4111111111111112 failed",  # no card: the checksum is wrong
        "at 1732291200123 ms",
        "id 12345678-1234-1234-1234-123456789012",
        "https://example.com:8080/path@home?x=1",
        "mail bob@example.com",
        "Basic Authentication failed",
        "Bearer token required",
        "digest mismatch",
        "KeyError: 'token'",
        "password is required",
        "invalid password",
        "token: None",
        "password=",
        "password=&user=bob",
        "the tokenizer: fast",
        "for author: Ann",
        "ssh://git@github.com/o/r",
        "12:30:45 max_tokens=100",
        "['password', 'username', 'email']",
        "http://shop.example:8080",
        "no answer of redis://cache:6379.",
        "no answer (http://localhost:8080), and none of http://localhost:8081, either",
        "tried (http://localhost:8080)",
        "listens at http://[::1]:8080",
        "opened file://C:\\shop",
        "usage: <user> <password> <host>",
        "put <token> there, and <name> here",
        "http://shop.example:{port}",
        "git --no-password fetch",
        "<title>Password</title>",
        '<input type="text" name="user" value="bob">',
        '{"name": "bob", "value": "visible"}',
    ],
)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert Redactor().text(text) == text


def test_what_stands_around_a_secret_stays() -> None:
    text = f"login of bob with password={SECRET}, try 3"

    assert Redactor().text(text) == f"login of bob with password={MASK}, try 3"


def test_redacting_twice_changes_nothing_more() -> None:
    redactor = Redactor()
    for text in PLANTED:
        once = redactor.text(text)
        assert redactor.text(once) == once


def test_a_url_loses_secret_parameters_and_its_password() -> None:
    url = f"https://bob:{SECRET}@example.com/a?api%5Fkey={SECRET}&page=2&X-Amz-Signature={SECRET}"

    assert Redactor().url(url) == (f"https://bob:{MASK}@example.com/a?api%5Fkey={MASK}&page=2&X-Amz-Signature={MASK}")


@pytest.mark.parametrize("url", ["http://[", "//", "", "https://example.com:port/?a=b"])
def test_a_url_that_is_none_stays(url: str) -> None:
    assert Redactor().url(url) == url


def test_an_encoded_parameter_is_masked_in_url() -> None:
    url = "https://example.com/?" + urllib.parse.urlencode({"user[password]": SECRET, "q": "a b"})

    assert SECRET not in Redactor().url(url)


def test_source_lines_lose_literals_only() -> None:
    redactor = Redactor()

    assert redactor.source(f'password = "{SECRET}"') == f"password = {MASK}"
    assert redactor.source(f"connect(password='{SECRET}', x=1)") == f"connect(password={MASK}, x=1)"
    assert (
        redactor.source(f'headers = {{"Authorization": "Token {SECRET}"}}') == f'headers = {{"Authorization": {MASK}}}'
    )
    assert redactor.source("def login(user: str, password: str) -> None:") == (
        "def login(user: str, password: str) -> None:"
    )
    assert redactor.source("token = get_token()") == "token = get_token()"
    assert SECRET not in redactor.source(f'PASSWORDS: list[str] = ["{SECRET}"]')


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f'connect("host=db password={SECRET}")', f'connect("host=db password={MASK}")'),
        (f"connect('host=db', \"password={SECRET} x=1\")", f"connect('host=db', \"password={MASK} x=1\")"),
        (f'connect("""password={SECRET} say="" x""")', f'connect("""password={MASK} say="" x""")'),
        (f'connect("""a "b password={SECRET}""")', f'connect("""a "b password={MASK}""")'),
        (f'log.error("it\\"s password={SECRET} here")', f'log.error("it\\"s password={MASK} here")'),
        (f"fetch(`/x?token={SECRET}&y=${{y}}`)", f"fetch(`/x?token={MASK}&y=${{y}}`)"),
        (f"say(b'x', 'it is', rb'token: {SECRET}', f'a')", f"say(b'x', 'it is', rb'token: {MASK}', f'a')"),
        (f"say(token, 'the token: {SECRET} ')", f"say(token, 'the token: {MASK} ')"),
    ],
)
def test_source_lines_lose_what_stands_within_a_literal(line: str, shown: str) -> None:
    assert Redactor().source(line) == shown


@pytest.mark.parametrize(
    "line",
    [
        'log.info("token: %s", token)',
        '"password=%(password)s" % values',
        "'token = $1, pin = ?' + rest",
        '"WHERE token = :token"',
        'connect("db", password=password)',
        "connect('it\\'s', token=token)",
        'token = "" or token',
        'print("token: %s\\n" % text)',
        '"host=%s;password=%s;port=%s"',
        "'(token=%s,%s)'",
        '"token = %s::text"',
        "fetch(`/x?token=${token}&y=1`)",
        '""".format(token=token)',
        '""", password=password)',
        "<b>Don't</b> <X token={token}/>",
        "# it's where password=password is handed over",
    ],
)
def test_source_lines_keep_code_and_places_for_values(line: str) -> None:
    assert Redactor().source(line) == line


def test_nested_values_and_lists_of_pairs_are_masked() -> None:
    env = {
        "request": {"form": {"user": "bob", "password": SECRET}},
        "headers": [["Authorization", SECRET], ["Accept", "*/*"]],
        "fields": [{"name": "password", "value": SECRET}],
    }

    assert Redactor().env(env) == {
        "request": {"form": {"user": "bob", "password": MASK}},
        "headers": [["Authorization", MASK], ["Accept", "*/*"]],
        "fields": [{"name": "password", "value": MASK}],
    }


def test_a_secret_key_masks_whole_structures_and_numbers_but_not_what_is_empty() -> None:
    env = {"password": 1234, "secret": {"a": SECRET}, "token": None, "cookie": "", "session": False}

    assert Redactor().env(env) == {"password": MASK, "secret": MASK, "token": None, "cookie": "", "session": False}


@pytest.mark.parametrize("key", ["internal_note", "internalNote", "Internal-Note", "my_internal_note", "INTERNALNOTE"])
def test_own_keys_are_secret_too_however_they_are_written(key: str) -> None:
    redactor = Redactor(["internal_note"])

    assert redactor.env({key: SECRET, "note": "visible"}) == {key: MASK, "note": "visible"}
    assert redactor.text(f"{key}={SECRET}") == f"{key}={MASK}"


def test_env_that_is_too_deep_is_masked_and_does_not_raise() -> None:
    env: dict[str, object] = {"password": SECRET}
    for _ in range(200):
        env = {"a": env}

    assert SECRET not in str(Redactor().env(env))


def test_env_that_cannot_be_encoded_is_redacted_all_the_same() -> None:
    assert Redactor().env({"a": object, "password": SECRET, "b": "\ud800"})["password"] == MASK


@pytest.mark.parametrize(
    "text",
    [
        "password=" * 20_000,
        "a" * 200_000 + "password",
        '{"password": ' * 20_000,
        "\\" * 100_000 + '"password":"',
        "4" * 100_000,
        '("password", [' * 20_000,
        '("password", \'' + '("password", "' * 20_000,
        "--password [" * 20_000,
        'name="password" value=[' * 20_000,
        "<password " * 20_000,
        "<password>" * 20_000,
        "%25" * 100_000 + "password",
        "http://a:b" * 20_000,
    ],
)
def test_long_hostile_text_takes_linear_time(text: str) -> None:
    """In quadratic time it would not come back before the run is given up."""
    assert Redactor().text(text)
