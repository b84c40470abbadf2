"""Conventions of the Lua scripts: headers that say the truth, names that are those of keys.py."""

import inspect
import re
from importlib.resources import files

import pytest

from logster.store.keys import Keys
from logster.store.script import Script, all_scripts, script

SCRIPTS = files("logster.store") / "scripts"

each_script = pytest.mark.parametrize("each", all_scripts(), ids=lambda each: each.name)


@each_script
def test_the_header_says_everything(each: Script) -> None:
    assert list(each.header) == ["KEYS", "ARGV", "Returns", "Cost", "Uses"]
    assert all(each.header.values())


@each_script
def test_a_script_begins_with_what_it_does(each: Script) -> None:
    body = (SCRIPTS / f"{each.name}.lua").read_text(encoding="utf-8")
    assert re.match(r"-- [A-Z][^\n]+(\n-- [^\n]+)*\.\n--\n-- KEYS:", body)


@each_script
def test_a_script_names_its_arguments_as_its_header_does(each: Script) -> None:
    found = re.search(r"^local ([\w,\s]+?)\s*= unpack\(ARGV(?:, 1, \d+)?\)$", each.source, re.MULTILINE)
    assert tuple(re.split(r",\s*", found[1]) if found else ()) == each.arguments.names


@each_script
def test_a_script_uses_no_command_that_scans_everything(each: Script) -> None:
    assert not re.search(r"'(KEYS|SCAN|SORT|FLUSHALL|FLUSHDB)'", each.source)


@each_script
def test_shared_parts_come_after_those_they_need(each: Script) -> None:
    used = re.findall(r"\w+", each.header["Uses"].replace("none", ""))
    for position, name in enumerate(used):
        text = (SCRIPTS / "shared" / f"{name}.lua").read_text(encoding="utf-8")
        needed = re.search(r"Needs ([\w, ]+)\.", text)
        assert set(re.findall(r"\w+", needed[1]) if needed else ()) <= set(used[:position])


def known_names() -> set[str]:
    """Return the beginnings of all key names that keys.py can make, without the prefix."""
    keys = Keys("")
    names = set()
    for name, member in inspect.getmembers(Keys):
        if name.startswith("_") or name in ("namespace", "prefix", "rows", "solved_rows"):
            continue
        if isinstance(member, property):
            names.add(getattr(keys, name))
        else:
            given = list(inspect.signature(member).parameters)[1:]
            for resolution in ("hour", "minute"):
                filled = member(keys, *(resolution if each == "resolution" else "#" for each in given))
                names.add(filled.partition("#")[0])
    return {name.removeprefix(keys.prefix) for name in names}


def test_every_key_name_in_a_script_is_one_of_keys_py() -> None:
    texts = [each.source for each in all_scripts()]
    used = {name for text in texts for name in re.findall(r"(?:prefix|KEYS\[1\]) \.\. '([^']*)'", text)}
    used |= {
        name for text in texts for names in re.findall(r"\(solved and '([^']*)' or '([^']*)'\)", text) for name in names
    }
    assert {"entry:", "recent:", "solved:", "timeline:hour:entry:"} <= used
    assert used <= known_names()


@pytest.mark.parametrize(
    ("keys", "rest", "arguments"),
    [
        ([], [], {"key": "a"}),
        (["p", "q"], [], {"key": "a"}),
        (["p"], [], {}),
        (["p"], [], {"key": "a", "level": 1}),
        (["p"], [], {"kye": "a"}),
        (["p"], ["more"], {"key": "a"}),
    ],
)
def test_a_call_that_does_not_fit_the_header_is_refused(
    keys: list[str], rest: list[str], arguments: dict[str, str | int]
) -> None:
    with pytest.raises(TypeError, match=r"protect\.lua takes KEYS: prefix; ARGV: key"):
        script("protect").words(keys, rest, arguments)


def test_a_call_that_fits_is_put_in_the_order_of_the_header() -> None:
    words = script("solve").words(["p"], ["a", "b"], {"expire_seconds": 5})
    assert words == ["EVALSHA", script("solve").sha, 1, "p", 5, "a", "b"]
