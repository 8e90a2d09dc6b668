"""The tools of the site see what they are there to see; what is listed by hand is complete."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from mkdocs.exceptions import PluginError

import demilsim
from demilsim.experiments.experiment_file import load_experiment
from docs_tools import load_tool

ROOT = Path(__file__).resolve().parents[2]


check, hooks, run = (load_tool(ROOT / "docs" / "_site" / f"{n}.py") for n in ("check", "hooks", "run"))


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<script src="//cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="https://fonts.example/css">',
        '<link rel="preconnect" href="https://fonts.example">',
        '<img srcset="a.png 1x, http://cdn.example/a.png 2x">',
        "<style>@import 'https://cdn.example/x.css'; p { color: red }</style>",
        '<p style="background: url(https://cdn.example/x.png)">',
        '<pre class="mermaid">graph</pre>',
        '<iframe src="https://example.org"></iframe>',
    ],
)
def test_whatever_is_fetched_is_found(text: str) -> None:
    """Each way in which a page loads something by itself from elsewhere is found once."""
    assert len(check.loaded_from_elsewhere(f"<html><body>{text}</body></html>")) == 1


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://example.org">a link that a reader may follow</a>',
        '<script src="assets/x.js"></script>',
        '<link rel="canonical" href="https://example.org/x.html">',
        '<img src="data:image/png;base64,AA//">',
        "<code>url(https://example.org)</code>",
    ],
)
def test_what_is_not_fetched_is_left(text: str) -> None:
    """Links, files of the site and words about addresses are no fetches."""
    assert check.loaded_from_elsewhere(text) == []


def test_a_site_that_fetches_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The check's exit code is 1 for a page or style sheet that fetches, and for no site at all."""
    assert check.main([str(tmp_path)]) == 1
    (tmp_path / "index.html").write_text("<p>good</p>", "utf-8")
    assert check.main([str(tmp_path)]) == 0
    (tmp_path / "x.css").write_text("p { background: url('https://example.org/x.png') }", "utf-8")
    assert check.main([str(tmp_path)]) == 1
    assert "x.css: https://example.org/x.png" in capsys.readouterr().out


def test_links_of_the_repository_become_links_of_the_site() -> None:
    """A link that leaves docs leads to the page that the file becomes; others stay."""
    text = (
        "[a](../../scenarios/README.md#lotscsv) [b](../decisions/) [c](https://x.org/y) [d](#e) [f](donor.md)"
    )
    assert hooks.relinked(text, "docs/tutorials/planner.md", "tutorials/planner.md") == (
        "[a](../scenarios.md#lotscsv) [b](../decisions/index.md) [c](https://x.org/y) [d](#e) [f](donor.md)"
    )


def test_a_link_without_a_page_is_refused() -> None:
    """A link to a file that is no page of the site would be dead there; the build stops and says where."""
    with pytest.raises(PluginError, match=r"^docs/index\.md: \.\./Makefile: expected a page of the site"):
        hooks.relinked("[make](../Makefile)", "docs/index.md", "index.md")


def test_pages_of_the_repository_exist() -> None:
    """Every file that becomes a page is there, and every decision record is listed by its title."""
    assert all((ROOT / source).is_file() for source in hooks.PAGES)
    page = hooks.decisions_page(ROOT / "docs" / "decisions")
    assert "| [0002](0002-keyed-draws.md) | Keyed draws instead of generators read by position |" in page


def test_public_names_are_documented() -> None:
    """The page about Python has every public name, from where it lives."""
    listed = re.findall(r"^::: (\S+)\.(\w+)$", (ROOT / "docs" / "api.md").read_text("utf-8"), re.MULTILINE)
    homes = {name: home for home, name in listed}
    assert {name: homes.get(name) for name in demilsim.__all__} == demilsim._HOMES


def test_pictures_come_from_commands() -> None:
    """Each picture is in the README, and in the list that says which command draws it."""
    listed = (ROOT / "docs" / "pictures" / "README.md").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    pictures = [path.name for path in (ROOT / "docs" / "pictures").glob("*.svg")]
    assert pictures
    for name in pictures:
        assert re.search(rf"^\| `{name}` \| `make .*{name} docs/pictures/`", listed, re.MULTILINE), name
        assert f"](docs/pictures/{name})" in readme


def test_the_experiment_file_that_is_shown_can_be_used(tmp_path: Path) -> None:
    """The example of docs/cluster.md is a file that a sweep takes, with all the rows that it says."""
    text = (ROOT / "docs" / "cluster.md").read_text("utf-8")
    shown = next(b for b in run.blocks(text) if b.language == "yaml" and not b.title)
    scenario = os.path.relpath(ROOT / "scenarios" / "kazakhstan", tmp_path)
    file = tmp_path / "shown.yaml"
    file.write_text("\n".join(shown.lines).replace("../scenarios/kazakhstan", scenario), "utf-8")
    assert len(load_experiment(file).rows) == 2 * 3 * 4 * 3


HEAD = """# A page

```console
$ echo one; echo two
one
...
$ cat nothing
$ echo $?
1
```

```csv title="made.txt"
a
b
c
d
```

"""
"""A page that is right so far."""


def page(folder: Path, text: str) -> Path:
    """Write a page about a file of four lines."""
    path = folder / "page.md"
    path.write_text(HEAD + text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('```text title="made.txt"\nb\nd\n```', ""),
        ('```text title="made.txt"\nd\nb\n```', "page.md:19: made.txt: expected to read there: b"),
        ('```text title="other.txt"\nd\n```', "other.txt"),
        ('```diff title="made.txt"\n b\n-c\n+e\n```\n```text title="made.txt"\nb\ne\n```', ""),
        ('```diff title="made.txt"\n-d\n-c\n+e\n```', "expected these lines once"),
        ("```console\n$ cat nothing\n```", "exit code 1: cat nothing"),
        ("```console\n$ cd / && cat nothing \\\n  || echo gone\n...\ngone\n$ pwd\n/\n```", ""),
        ("```console\n$ echo one two\none  two\n```", "page.md:20: echo one two"),
        ("```console\n$ sleep 9 & kill -INT $!; wait $!\n$ echo $?\n130\n```", ""),
    ],
)
def test_a_page_is_done_as_written(tmp_path: Path, text: str, wrong: str) -> None:
    """Commands, exit codes, output, files made, changed and read: what differs is told with its line."""
    done = run.run_page(page(tmp_path, text))
    said = [*done.wrong, *(run.difference(done.page, *news) for news in done.news)]
    assert [one for one in said if wrong and wrong in one] == said
    assert bool(said) == bool(wrong)


def test_output_can_be_written_into_a_page(tmp_path: Path) -> None:
    """What a command printed takes the place of what was shown, once; then the page is right."""
    path = page(tmp_path, "```console\n$ echo new; echo lines\nold\n$ echo last\nlast\n```")
    done = run.run_page(path)
    assert run.rewrite(path, done.news) == []
    assert "$ echo new; echo lines\nnew\nlines\n$ echo last\nlast\n" in path.read_text("utf-8")
    assert run.run_page(path).news == []


def test_html_is_read_as_a_reader_does() -> None:
    """Marks, scripts and drawings are not read; spacing and marks within words do not matter."""
    text = "<p>more  than</p><script>7</script><svg>8</svg><td>0.25 &plusmn; <b>0.1</b></td>"
    assert run.first_missing(text, ["more than", "0.25 ± 0.1"], True) == ""
    assert run.first_missing(text, ["7"], True) == "7"
    assert run.first_missing(text, ["8"], True) == "8"
