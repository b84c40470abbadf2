"""docs/ruby_logster.md names all that Ruby's Logster offers, and for each a test that exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs/ruby_logster.md").read_text()
ROWS = re.findall(r"^\| `([^`]+)` \| (.+) \| `([^`]+)` \|$", TABLE, re.MULTILINE)

# The public names of version 2.20, by hand: settings, methods, endpoints.
NAMES = {
    # Settings (Logster.config)
    "config.allow_grouping", "config.application_version", "config.current_context", "config.env_expandable_keys",
    "config.enable_custom_patterns_via_ui", "config.enable_js_error_reporting", "config.environments",
    "config.rate_limit_error_reporting", "config.web_title", "config.maximum_message_size_bytes",
    "config.project_directories", "config.enable_backtrace_links", "config.gems_dir", "config.max_env_bytes",
    "config.max_env_count_per_message", "config.maximum_message_length", "config.use_full_hostname",
    "config.back_to_site_link_text", "config.back_to_site_link_path", "config.subdirectory",
    # The module Logster
    "Logster.config", "Logster.logger", "Logster.store", "Logster.add_to_env", "Logster.set_environments",
    # Logster::Logger
    "Logger#add", "Logger#add_with_opts", "Logger#chain", "Logger#chained", "Logger#add_to_chained", "Logger#level",
    "Logger#override_level", "Logger#subscribe", "Logger#skip_store", "Logger#store",
    # The store
    "store.level", "store.max_retention", "store.max_backlog", "store.skip_empty", "store.ignore",
    "store.allow_custom_patterns", "store.redis", "store.redis_raw_connection", "store.redis_prefix", "store.report",
    "store.save", "store.replace_and_bump", "store.similar_key", "store.count", "store.latest", "store.get",
    "store.bulk_get", "store.get_all_messages", "store.get_env", "store.delete", "store.bulk_delete", "store.clear",
    "store.clear_all", "store.protect", "store.unprotect", "store.solve", "store.solved",
    "store.register_rate_limit", "store.register_rate_limit_per_minute", "store.register_rate_limit_per_hour",
    "store.check_rate_limits", "store.rate_limits", "store.rate_limited?", "store.insert_pattern",
    "store.remove_pattern", "store.get_patterns", "store.clear_patterns_cache", "store.increment_ignore_count",
    "store.remove_ignore_count", "store.get_all_ignore_count", "store.find_pattern_groups",
    "store.save_pattern_group", "store.remove_pattern_group",
    # Messages
    "Message.default_env", "Message.hostname", "Message.populate_from_env", "Message.scrub_params",
    "Message#grouping_hash", "Message#grouping_key", "Message#merge_similar_message", "Message#solved_keys",
    "Message#drop_redundant_envs", "Message#apply_env_size_limit", "Message#apply_message_size_limit",
    "Message#truncate_backtrace", "Message#=~", "Message#to_json",
    # Patterns
    "Pattern.parse_pattern", "Pattern.valid?", "Pattern.find_all", "Pattern.find", "SuppressionPattern#save",
    "GroupingPattern#save", "Pattern#modify", "Pattern#destroy", "IgnorePattern.new",
    "IgnorePattern.from_message_and_request_uri", "Group.max_size",
    # Middleware
    "Middleware::Viewer", "Middleware::Reporter", "Middleware::DebugExceptions", "DeferLogger",
    # Endpoints
    "GET /", "POST /messages.json", "DELETE /message/KEY", "GET /protect/KEY", "GET /unprotect/KEY",
    "GET /solve/KEY", "POST /solve-group", "POST /clear", "GET /show/KEY", "GET /show/KEY.json",
    "GET /fetch-env/KEY.json", "GET /settings", "GET /settings.json", "POST /patterns/SET.json",
    "PUT /patterns/SET.json", "DELETE /patterns/SET.json", "PUT /reset-count.json", "POST /report_js_error",
    "GET /development-preload.json",
}  # fmt: skip


@cache
def names_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_name_has_its_row_and_no_other_has() -> None:
    assert sorted(name for name, _, _ in ROWS) == sorted(NAMES)


def test_every_line_of_the_tables_is_read() -> None:
    lines = [line for line in TABLE.splitlines() if line.startswith("| `")]
    assert len(lines) == len(ROWS)


@pytest.mark.parametrize(("name", "ours", "held_by"), ROWS, ids=[name for name, _, _ in ROWS])
def test_a_row_names_a_test_that_exists(name: str, ours: str, held_by: str) -> None:
    path, _, test = held_by.partition("::")
    assert test.startswith("test_")
    assert test in names_in(path)
    assert ours.strip()
