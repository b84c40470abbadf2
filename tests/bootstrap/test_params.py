"""What `$name`, `${name}` and `$$` become."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bootstrap.params import references, substitute
from tests.bootstrap.configs import Configs

PARAMS = {"a": "1", "ab": "2", "_x9": "3", "tricky": "$a ${ab} $$ \\1"}

# How long an example takes says how busy the machine is, and nothing about the code.
CALM = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])

NAMES = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,8}\Z")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$a", "1"),
        ("${a}", "1"),
        ("$ab", "2"),
        ("${a}b", "1b"),
        ("$a-$ab.$_x9", "1-2.3"),
        ("$$a $${a}", "$a ${a}"),
        ("$$$a", "$1"),
        ("$$$$", "$$"),
        ("$(date) $? $1 $@ $! $", "$(date) $? $1 $@ $! $"),
        ("/end$/", "/end$/"),
        ("$aä", "1ä"),
        ("$tricky", "$a ${ab} $$ \\1"),
    ],
)
def test_a_text_gets_the_values_of_its_params(text: str, expected: str) -> None:
    assert substitute(text, PARAMS) == expected


@CALM
@given(st.text())
def test_a_text_whose_dollars_are_doubled_comes_out_as_it_was(text: str) -> None:
    doubled = text.replace("$", "$$")
    assert list(references(doubled)) == []
    assert substitute(doubled, {}) == text


@CALM
@given(st.lists(st.one_of(NAMES.map(lambda name: ("${" + name + "}", name)), st.text().map(lambda text: (text, None)))))
def test_every_param_is_found_where_it_stands_and_replaced_there(pieces: list[tuple[str, str | None]]) -> None:
    written = [(piece if name else piece.replace("$", "$$"), name) for piece, name in pieces]
    text = "".join(piece for piece, _ in written)
    params = {name: f"<{name}$$>" for _, name in pieces if name}
    expected = "".join(params[name] if name else piece for piece, name in pieces)
    assert substitute(text, params) == expected
    found = list(references(text))
    assert [name for _, name in found] == [name for _, name in written if name]
    assert all(text.startswith("${" + str(name) + "}", offset) for offset, name in found)


@CALM
@given(st.text(), st.text())
def test_no_value_is_looked_into_again(before: str, value: str) -> None:
    assert substitute(before.replace("$", "$$") + "$a", {"a": value}) == before + value


@CALM
@given(st.text(alphabet="$ab{}"))
def test_a_text_without_unknown_references_can_always_be_substituted(text: str) -> None:
    if {name for _, name in references(text)} <= PARAMS.keys():
        substitute(text, PARAMS)


def test_params_go_into_paths_commands_contents_and_what_surrounds_the_site(configs: Configs) -> None:
    site = configs.write("""
        params: {user: shop, port: 444, version: 3.10, on: yes}
        env: {NAME: $user}
        expose: [127.0.0.1:$port:80]
        volumes: [{host: /srv/$user, guest: '/home/${user}'}]
        labels: {version: v$version}
        run:
          - exec: {cmd: make $on, cd: /home/$user, user: $user}
          - file: {path: /etc/$user, contents: "$version $$HOME", chmod: "0$port", chown: $user}
          - replace: {filename: /etc/$user, from: $version, to: $port}
    """).read()
    described = site.described()
    assert described["env"] == {"NAME": "shop"}
    assert described["expose"] == ["127.0.0.1:444:80"]
    assert described["volumes"] == [{"host": "/srv/shop", "guest": "/home/shop"}]
    assert described["labels"] == {"version": "v3.10"}
    assert described["params"] == {"user": "shop", "port": "444", "version": "3.10", "on": "yes"}
    assert [str(step) for step in site.steps] == [
        "exec [shop] make yes",
        "file /etc/shop 0444 shop",
        "replace in /etc/shop",
    ]
