from __future__ import annotations

from pathlib import Path

import pytest

from demilsim.errors import ScenarioError
from demilsim.scenario.text import MAX_YAML_BYTES, Refused, YamlText, read_utf8, read_yaml


def read(tmp_path: Path, content: str | bytes) -> YamlText:
    file = tmp_path / "scenario.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_yaml(file, "scenario.yaml")


def test_scalars_stay_text(tmp_path: Path) -> None:
    """Norway, leading zeros, exponents, dates, nulls and quotes come through as typed."""
    text = "a: NO\nb: 0123\nc: 1e-3\nd: 2026-01-01\ne: ~\nf: '1'\ng:\n"
    expected = {"a": "NO", "b": "0123", "c": "1e-3", "d": "2026-01-01", "e": "~", "f": "1", "g": ""}
    assert read(tmp_path, text).tree == expected


def test_nested_keys_have_lines(tmp_path: Path) -> None:
    """Each dotted path knows the line of its key, comments and blank lines counted."""
    yaml = read(tmp_path, "# comment\n\na:\n  b.c:\n    d: 1\ne: {f: 2}\n")
    assert yaml.tree == {"a": {"b.c": {"d": "1"}}, "e": {"f": "2"}}
    assert yaml.lines == {"a": 3, "a.b.c": 4, "a.b.c.d": 5, "e": 6, "e.f": 6}


def test_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    """A file saved by a Windows editor reads the same."""
    assert read(tmp_path, b"\xef\xbb\xbfa: 1\r\nb: 2\r\n").tree == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", r"^scenario\.yaml: expected keys and values \(got an empty file\)$"),
        (b"# only a comment\n", "got an empty file"),
        (b"just text\n", r"scenario\.yaml:1: expected keys and values"),
        (b"a: 1\na: 2\n", r"scenario\.yaml:2: a: expected each key once \(got it on line 1 too\)"),
        (b"a:\n  b: 1\n  b: 2\n", r"scenario\.yaml:3: a\.b: expected each key once"),
        (b"a: &x 1\n", r"scenario\.yaml:1: expected no anchor \(got '&x'\)"),
        (b"a: 1\nb: *x\n", r"scenario\.yaml:2: expected no alias \(got '\*x'\)"),
        (b"a: !!python/name:os.system x\n", r"scenario\.yaml:1: expected no tag"),
        (b"a: ! x\n", r"scenario\.yaml:1: expected no tag"),
        (b"a: 1\n---\nb: 2\n", r"scenario\.yaml:2: expected one YAML document"),
        (b"a:\n- 1\n- [2, {b: 3}]\n", r"scenario\.yaml:2: a: expected text, several values separated by ;"),
        (b"? [a]\n: 1\n", "expected a key that is plain text"),
        (b"a: 'open\n", "expected YAML"),
        (b"a:\n\tb: 1\n", r"scenario\.yaml:2: expected YAML"),
        (b"a: 1\nb: \xff\n", r"scenario\.yaml:2: expected UTF-8 text \(got byte 0xff\)"),
        ("a: 1\n".encode("utf-16"), "expected UTF-8 text"),
        (b"a: \x1b[31m\n", r"scenario\.yaml:1: expected text \(got the control character 0x1b\)"),
        (b"a: " + b"{a: " * 51 + b"}" * 51, r"scenario\.yaml:1: expected at most 50 levels"),
        (b"a: " + b"[" * 100_000, "expected at most 50 levels"),
        (b"#" * (MAX_YAML_BYTES + 1), r"expected at most 1 MB \(got more\)"),
    ],
)
def test_what_is_not_plain_data_is_refused(content: bytes, match: str, tmp_path: Path) -> None:
    """Syntax, encoding, size and everything of YAML that plain data does not need is said, with its line."""
    with pytest.raises(ScenarioError, match=match):
        read(tmp_path, content)


def test_fifty_levels_are_accepted(tmp_path: Path) -> None:
    """The limit on depth is the one that the message names."""
    assert read(tmp_path, b"{a: " * 50 + b"1" + b"}" * 50).lines["a"] == 1


def test_list_does_not_hide_later_problems(tmp_path: Path) -> None:
    """Reading goes on after a list, so that the next mistake is reported with it."""
    with pytest.raises(ScenarioError, match="got a list") as caught:
        read(tmp_path, "a: [1, 2]\nb: 1\nb: 2\n")
    assert [problem.line for problem in caught.value.problems] == [1, 3]


def test_unprintable_key_stays_on_one_line(tmp_path: Path) -> None:
    """A key with a line break in it cannot break the one line of its message."""
    with pytest.raises(ScenarioError, match="expected each key once") as caught:
        read(tmp_path, '"a\\nb": 1\n"a\\nb": 2\n')
    assert "\n" not in str(caught.value)


def test_folder_of_that_name_is_no_file(tmp_path: Path) -> None:
    """A folder, pipe or device is refused before it is opened."""
    with pytest.raises(Refused, match="expected a file"):
        read_utf8(tmp_path, 1)
