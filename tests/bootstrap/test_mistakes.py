"""Every mistake in a config is told with its file and line, and all of them at once."""

import pytest

from tests.bootstrap.configs import Configs

KEYS = "templates, params, env, expose, volumes, labels, hooks, code, run"

ONE_LINERS = [
    ("parms: {}", "unknown key 'parms'; did you mean 'params'?"),
    ("zzz: {}", f"unknown key 'zzz'; allowed are {KEYS}"),
    ("{? [a, b] : c}", "expected text, found a list"),
    ("- run", "expected a map, found a list"),
    ("run: [", "not YAML: while parsing a flow node, expected the node content, but found '<stream end>'"),
    ("a: *b", "not YAML: found undefined alias something"),
    ("", "is empty"),
    ("null", "is empty"),
    ("templates: app.yml", "expected a list, found text"),
    ("templates: [/etc/app.yml]", "'/etc/app.yml' has to be a path below the directory that holds sites and templates"),
    ("templates: [../app.yml]", "'../app.yml' has to be a path below the directory that holds sites and templates"),
    ("templates: [templates/shp.yml]", "there is no 'templates/shp.yml'; did you mean 'templates/shop.yml'?"),
    ("params: [a]", "expected a map, found a list"),
    ("params: {a-b: 1}", "'a-b' is no name: letters, digits and _, not beginning with a digit"),
    ("params: {a: [1]}", "expected text, found a list"),
    ("params: {a: {b: 1}}", "expected text, found a map"),
    ("params: {a: }", "the param 'a' has no value; set it under params of the site"),
    ("env: {A=B: 1}", "'A=B' is no name: letters, digits and _, not beginning with a digit"),
    ("env: {A: [1]}", "expected text, found a list"),
    ("env: {A: }", "expected text, found nothing"),
    ("env: {A: {value: x, secert: true}}", "unknown key 'secert'; did you mean 'secret'?"),
    ("env: {A: {value: x, secret: maybe}}", "expected true or false, found text"),
    ("env: {A: {value: x, secret: 1}}", "expected true or false, found a number"),
    ("env: {A: {}}", "'value' is missing; only a secret may leave it to the environment of the launcher"),
    ("expose: [80]", "'80' is no pair of ports: write HOST:CONTAINER, or ADDRESS:HOST:CONTAINER"),
    ("expose: [80:http]", "'80:http' is no pair of ports: write HOST:CONTAINER, or ADDRESS:HOST:CONTAINER"),
    ("expose: [65536:80]", "65536 is no port: it has to be from 1 to 65535"),
    ("expose: [127.0.0.1:80:0]", "0 is no port: it has to be from 1 to 65535"),
    ("expose: [80:80, 80:81]", "port 80 of the host already leads to 80"),
    ("volumes: [/a:/b]", "expected a map, found text"),
    ("volumes: [{host: /a}]", "'guest' is missing"),
    (
        "volumes: [{host: /a, guest: shared}]",
        "'shared' has to be an absolute path inside the container, with no '..'",
    ),
    ("volumes: [{host: /a, guest: /}]", "'/' has to be an absolute path inside the container, with no '..'"),
    (
        "volumes: [{host: data, guest: /b}]",
        "'data' has to be an absolute path on the host, or begin with ./ for the directory of the launcher",
    ),
    ("labels: {a: [b]}", "expected text, found a list"),
    ("hooks: {before: []}", "unknown key 'before'; did you mean 'before_code'?"),
    ("run: {exec: a}", "expected a list, found a map"),
    ("run: [exec]", "expected a map, found text"),
    ("run: [~]", "the step is empty; it has to be one of exec, file, replace"),
    ("run: [{exce: a}]", "unknown key 'exce'; did you mean 'exec'?"),
    ("run: [{exec: a, file: {path: /a, contents: b}}]", "one step does one thing; begin a new one with '- file:'"),
    ("run: [{exec: }]", "expected text, found nothing"),
    ("run: [{exec: ' '}]", "the command is empty"),
    ('run: [{exec: "a\\0"}]', "a command cannot hold a NUL character"),
    ("run: [{exec: []}]", "the list of commands is empty"),
    ("run: [{exec: [a, [b]]}]", "expected text, found a list"),
    ("run: [{exec: {cd: /a}}]", "'cmd' is missing"),
    ("run: [{exec: {cmd: a, cd: b}}]", "'b' has to be an absolute path inside the container, with no '..'"),
    ("run: [{exec: {cmd: a, user: 'b:c'}}]", "'b:c' is no user"),
    ("run: [{file: }]", "expected a map, found nothing"),
    ("run: [{file: {path: /a}}]", "'contents' is missing"),
    (
        "run: [{file: {path: a, contents: b}}]",
        "'a' has to be an absolute path inside the container, with no '..'",
    ),
    (
        "run: [{file: {path: /a/../b, contents: b}}]",
        "'/a/../b' has to be an absolute path inside the container, with no '..'",
    ),
    (
        "run: [{file: {path: /a, contents: b, chmod: 0999}}]",
        "'0999' is no mode: write three or four octal digits, such as 0644",
    ),
    (
        "run: [{file: {path: /a, contents: b, chmod: u+x}}]",
        "'u+x' is no mode: write three or four octal digits, such as 0644",
    ),
    ("run: [{file: {path: /a, contents: b, chown: 'a b'}}]", "'a b' is no owner: write USER or USER:GROUP"),
    ("run: [{replace: {filename: /a, from: b}}]", "'to' is missing"),
    (
        "run: [{replace: {filename: a, from: b, to: c}}]",
        "'a' has to be an absolute path inside the container, with no '..'",
    ),
    ("run: [{replace: {filename: /a, from: '', to: c}}]", "there is nothing to search for"),
    (
        "run: [{replace: {filename: /a, from: /(/, to: c}}]",
        "not a regular expression: missing ), unterminated subpattern at character 0",
    ),
    (
        "run: [{replace: {filename: /a, from: /b/, to: '\\1'}}]",
        r"'\\1' refers to what the regular expression does not have: invalid group reference 1 at position 1",
    ),
    ("run: [{replace: {filename: /a, from: b, to: c, global: 1}}]", "expected true or false, found a number"),
    ("run: [{exec: $a}]", "there is no param 'a'; set it under params, or write $$a for a dollar"),
    ("run: [{exec: '${a'}]", "${ does not begin ${name}; write $${ for a dollar and a brace"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ONE_LINERS)
def test_a_mistake_is_told_with_what_is_allowed(configs: Configs, text: str, expected: str) -> None:
    configs.write(text, shop="{run: []}")
    assert configs.mistakes() == [f"sites/demo.yml:1: {expected}"]


def test_a_second_document_is_a_mistake_in_its_line(configs: Configs) -> None:
    configs.write("run: []\n---\nrun: []\n")
    assert configs.mistakes() == [
        "sites/demo.yml:2: not YAML: expected a single document in the stream, but found another document"
    ]


def test_a_key_that_stands_twice_is_told_with_both_lines(configs: Configs) -> None:
    configs.write("""
        params:
          a: 1
          b: 2
          a: 3
        labels: {}
        params: {}
    """)
    assert configs.mistakes() == [
        "sites/demo.yml:4: 'a' is already set in line 2",
        "sites/demo.yml:6: 'params' is already set in line 1",
    ]


def test_all_mistakes_of_all_files_are_told_at_once(configs: Configs) -> None:
    configs.write(
        """
        templates: [templates/app.yml]
        expose:
          - 0:80
        run:
          - exec: echo $port
          - file:
              path: etc/x
              chmod: 8
              contents: [x]
        """,
        app="""
        params:
          prot: 80
        env: []
        """,
    )
    assert configs.mistakes() == [
        "sites/demo.yml:3: 0 is no port: it has to be from 1 to 65535",
        "sites/demo.yml:5: there is no param 'port'; did you mean 'prot'?",
        "sites/demo.yml:7: 'etc/x' has to be an absolute path inside the container, with no '..'",
        "sites/demo.yml:8: '8' is no mode: write three or four octal digits, such as 0644",
        "sites/demo.yml:9: expected text, found a list",
        "templates/app.yml:3: expected a map, found a list",
    ]


def test_an_unknown_param_inside_of_a_block_is_told_with_the_line_it_stands_in(configs: Configs) -> None:
    configs.write("""
        run:
          - file:
              path: /etc/x
              contents: |

                first
                second $nowhere
                third $$fine ${nobody}
          - exec: >
              folded
              $nothing
    """)
    assert [each.split(";")[0] for each in configs.mistakes()] == [
        "sites/demo.yml:7: there is no param 'nowhere'",
        "sites/demo.yml:8: there is no param 'nobody'",
        "sites/demo.yml:9: there is no param 'nothing'",
    ]


def test_a_param_nobody_uses_is_a_mistake_where_it_is_close_to_another(configs: Configs) -> None:
    configs.write(
        """
        templates: [templates/app.yml]
        params:
          worker: 3
          something_for_the_launcher: x
        """,
        app="params: {workers: 2}",
    )
    assert configs.mistakes() == ["sites/demo.yml:3: nothing uses the param 'worker'; did you mean 'workers'?"]


def test_a_param_that_a_step_uses_is_none_whatever_it_is_close_to(configs: Configs) -> None:
    configs.write(
        "{templates: [templates/app.yml], params: {worker: 3}, run: [exec: $worker]}", app="params: {workers: 2}"
    )
    assert configs.shown() == ["sites/demo.yml:1 exec 3"]


def test_a_file_that_cannot_be_read_does_not_make_its_params_unknown(configs: Configs) -> None:
    configs.write(
        """
        templates: [templates/app.yml]
        run:
          - exec: echo $workers
          - exec:
        """,
        app="params: [",
    )
    assert configs.mistakes() == [
        "sites/demo.yml:4: expected text, found nothing",
        "templates/app.yml:1: not YAML: while parsing a flow node, expected the node content, but found '<stream end>'",
    ]


def test_a_config_that_is_not_there_is_told(configs: Configs) -> None:
    assert configs.mistakes() == ["sites/demo.yml:1: cannot be read: No such file or directory"]


def test_a_config_that_is_not_text_is_told(configs: Configs) -> None:
    configs.write("").path.write_bytes(b"\xff\xfe\x00")
    assert configs.mistakes() == [
        "sites/demo.yml:1: not YAML: it holds characters that are not allowed, or is not UTF-8"
    ]


@pytest.mark.parametrize("name", ["Demo.yml", "a b.yml", "demo.yaml", "-a.yml", "a--b.yml"])
def test_a_site_has_a_name_that_an_image_can_have(configs: Configs, name: str) -> None:
    path = configs.write("{run: []}").path
    configs.path = path.rename(path.with_name(name))
    assert configs.mistakes() == [
        f"sites/{name}:1: the file has to be named NAME.yml: lower-case letters and digits, "
        "with single - or _ between them"
    ]
