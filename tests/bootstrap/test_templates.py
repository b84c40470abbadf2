"""Templates are mixed in before the site: their params are defaults, and each of them counts once."""

from tests.bootstrap.configs import Configs

ALL_PARTS = """
    {more}
    run: [{{exec: {name} run}}]
    code: [{{exec: {name} code}}]
    hooks:
      before_code: [{{exec: {name} before}}]
      after_code: [{{exec: {name} after}}]
      after_all: [{{exec: {name} last}}]
"""


def part(name: str, more: str = "") -> str:
    return ALL_PARTS.format(name=name, more=more)


def test_steps_run_in_the_order_of_their_parts_and_templates_first_in_each(configs: Configs) -> None:
    configs.write(part("site", "templates: [templates/one.yml, templates/two.yml]"), one=part("one"), two=part("two"))
    assert [str(step).removeprefix("exec ") for step in configs.read().steps] == [
        *("one run", "two run"),
        *("one before", "two before", "site before"),
        *("one code", "two code", "site code"),
        *("one after", "two after", "site after"),
        "site run",
        *("one last", "two last", "site last"),
    ]


def test_a_template_comes_once_and_before_whoever_names_it(configs: Configs) -> None:
    configs.write(
        "templates: [templates/one.yml, templates/two.yml, ./templates/one.yml]",
        one="{templates: [templates/base.yml], run: [exec: one]}",
        two="{templates: [templates/base.yml], run: [exec: two]}",
        base="run: [exec: base]",
    )
    assert configs.shown() == [
        "templates/base.yml:1 exec base",
        "templates/one.yml:1 exec one",
        "templates/two.yml:1 exec two",
    ]


def test_a_param_of_the_site_wins_over_templates_and_a_later_template_over_an_earlier(configs: Configs) -> None:
    configs.write(
        """
        templates: [templates/one.yml, templates/two.yml]
        params: {a: site}
        """,
        one="{params: {a: one, b: one, c: one}, run: [exec: $a $b $c]}",
        two="{params: {a: two, b: two, c: two}}",
    )
    assert configs.shown() == ["templates/one.yml:1 exec site two two"]


def test_a_param_that_a_template_leaves_open_has_to_be_set(configs: Configs) -> None:
    configs.write("templates: [templates/app.yml]", app="params:\n  host:\nrun: [exec: $host]")
    assert configs.mistakes() == ["templates/app.yml:2: the param 'host' has no value; set it under params of the site"]
    configs.write("templates: [templates/app.yml]\nparams: {host: example.org}")
    assert configs.shown() == ["templates/app.yml:3 exec example.org"]


def test_what_surrounds_the_site_is_mixed_in_and_the_site_wins(configs: Configs) -> None:
    configs.write(
        """
        templates: [templates/app.yml]
        env: {A: site, C: "3"}
        expose: [80:80, "[::1]:443:443"]
        volumes: [{host: ./data, guest: /shared}]
        labels: {a: site}
        """,
        app="""
        env: {A: app, B: app}
        expose: [80:80]
        volumes: [{host: /srv/app, guest: /shared}, {host: /srv/tls, guest: /tls}]
        labels: {a: app, b: app}
        """,
    )
    assert configs.read().described() == {
        "name": "demo",
        "params": {},
        "env": {"A": "site", "B": "app", "C": "3"},
        "secrets": [],
        "expose": ["80:80", "[::1]:443:443"],
        "volumes": [{"host": "./data", "guest": "/shared"}, {"host": "/srv/tls", "guest": "/tls"}],
        "labels": {"a": "site", "b": "app"},
    }


def test_templates_that_include_each_other_are_a_mistake_where_the_circle_closes(configs: Configs) -> None:
    configs.write(
        "templates: [templates/a.yml]",
        a="templates:\n  - templates/b.yml",
        b="templates:\n\n  - templates/a.yml",
    )
    assert configs.mistakes() == [
        "templates/b.yml:3: templates that include each other in a circle: "
        "templates/a.yml → templates/b.yml → templates/a.yml"
    ]


def test_a_template_that_includes_itself_is_a_mistake(configs: Configs) -> None:
    configs.write("templates: [templates/a.yml]", a="templates: [templates/a.yml]")
    assert configs.mistakes() == [
        "templates/a.yml:1: templates that include each other in a circle: templates/a.yml → templates/a.yml"
    ]


def test_a_site_without_any_section_that_counts_is_empty_and_fine(configs: Configs) -> None:
    assert configs.write("params: {}").read().steps == []
