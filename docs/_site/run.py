"""Do what a page says, as written, in an empty folder, and hold what comes out against what the page shows.

    python docs/_site/run.py [--jobs N] [--write] [PAGE ...]

Without pages all of ``docs/`` that have something to run. These blocks of a page are carried out in order:

=============================  ======================================================================
``console``                    lines after ``$ `` are given to a shell (all of a page to the same one).
                               Other lines are what it prints, if any are shown; ``...`` stands for lines
                               that are left out. A command must succeed, unless ``$ echo $?`` is next
any with ``title="FILE"``      the reader makes FILE with that content
``diff title="FILE"``          the reader changes these lines of FILE
``text title="FILE"``          FILE, as one reads it, has these lines, in this order
=============================  ======================================================================

With ``--write`` output that differs is written into the page, where nothing is left out of it.
"""

from __future__ import annotations

import argparse
import html
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1]
FENCE = re.compile(r'^```(\w*)(?: title="([^"]+)")?$')
PROMPT, LEFT_OUT, STATUS = "$ ", "...", "echo $?"
END = "-- end of command --"
UNREAD = re.compile(r"(?s)<(script|style|svg)\b.*?</\1>|<[^>]+>")
SETTINGS = {
    "COLUMNS": "100", "LC_ALL": "C.UTF-8", "MPLBACKEND": "Agg", "NO_COLOR": "1",
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
}  # fmt: skip
"""As in the Makefile: what is printed must not depend on who runs it."""


class PageError(Exception):
    """What a page says is not what happens."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file that it is about, its lines, and where the first of them is."""

    language: str
    title: str
    lines: tuple[str, ...]
    first: int


@dataclass(frozen=True)
class Command:
    """A command, what a page says that it prints, and where that is: lines from `first` up to `last`."""

    text: str
    shown: tuple[str, ...]
    line: int
    first: int
    last: int


@dataclass
class Result:
    """What became of a page: commands done, seconds, output that differs by place, what is wrong."""

    page: Path
    commands: int = 0
    seconds: float = 0.0
    news: list[tuple[Command, list[str]]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    opened: tuple[str, str, int] | None = None
    lines: list[str] = []
    for number, line in enumerate(text.splitlines()):
        if opened and line == "```":
            yield Block(opened[0], opened[1], tuple(lines), opened[2])
            opened, lines = None, []
        elif opened:
            lines.append(line)
        elif found := FENCE.match(line):
            opened = (found[1], found[2] or "", number + 1)


def runs(text: str) -> bool:
    """Return whether a page has something to run."""
    return any(b.language == "console" and any(x.startswith(PROMPT) for x in b.lines) for b in blocks(text))


def commands(block: Block) -> list[Command]:
    """Return the commands of a console block."""
    starts = [i for i, line in enumerate(block.lines) if line.startswith(PROMPT)]
    found = []
    for start, after in zip(starts, [*starts[1:], len(block.lines)], strict=True):
        end = start + 1
        while block.lines[end - 1].endswith("\\"):
            end += 1
        text = "\n".join(block.lines[start:end]).removeprefix(PROMPT)
        where = block.first + start + 1, block.first + end, block.first + after
        found.append(Command(text, block.lines[end:after], *where))
    return found


def agrees(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Return whether what was printed is what is shown, with anything for `...`."""
    pattern = "".join(
        r"(?:.*\n)*" if line == LEFT_OUT else re.escape(line.rstrip()) + r"\n" for line in shown
    )
    return re.fullmatch(pattern, "".join(f"{line.rstrip()}\n" for line in printed)) is not None


class Shell:
    """A shell in a folder, given one command at a time."""

    def __init__(self, folder: Path) -> None:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"], cwd=folder, env={**os.environ, **SETTINGS, "PATH": path},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
        )  # fmt: skip
        self.do("set -m 2>/dev/null")  # so that a command in the background can be interrupted

    def do(self, command: str) -> tuple[list[str], int]:
        """Return the lines that a command prints, and its exit code, which the next one can ask for."""
        assert self._shell.stdin, "a pipe"
        assert self._shell.stdout, "a pipe"
        self._shell.stdin.write(f"{command}\n_code=$?; echo; echo '{END}' $_code; (exit $_code)\n")
        self._shell.stdin.flush()
        lines: list[str] = []
        for line in self._shell.stdout:
            if line.startswith(END):
                # The empty line before the mark belongs to the mark, unless it ended a line without an end.
                return (lines[:-1] if lines[-1:] == [""] else lines), int(line.split()[-1])
            lines.append(line.rstrip("\n"))
        raise PageError(f"the shell ended: {command}")

    def close(self) -> None:
        """End the shell."""
        self._shell.communicate(timeout=60)


def run_page(page: Path) -> Result:
    """Do what a page says in an empty folder, up to the first command that fails."""
    result, started = Result(page), time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder, shell = Path(name), Shell(Path(name))
        try:
            for block in blocks(page.read_text("utf-8")):
                try:
                    if block.language == "console":
                        _console(block, shell, result)
                    elif block.title:
                        _file(block, folder)
                except (PageError, OSError) as error:
                    result.wrong.append(f"{page.name}:{block.first}: {error}")
                    break
        finally:
            shell.close()
    result.seconds = time.monotonic() - started
    return result


def _console(block: Block, shell: Shell, result: Result) -> None:
    """Do the commands of a block; note output that differs, stop at a command that fails."""
    found = commands(block)
    for number, command in enumerate(found):
        printed, code = shell.do(command.text)
        result.commands += 1
        asked = number + 1 < len(found) and found[number + 1].text == STATUS
        if code and not asked:
            said = "\n    ".join(printed[-20:])
            raise PageError(f"exit code {code}: {command.text}\n    {said}")
        if command.shown and not agrees(command.shown, printed):
            result.news.append((command, printed))


def _file(block: Block, folder: Path) -> None:
    """Make or change a file, or look into it."""
    path = folder / block.title
    if block.language == "diff":
        path.write_text(changed(path.read_text("utf-8"), block), "utf-8")
    elif block.language == "text":
        missing = first_missing(path.read_text("utf-8"), block.lines, path.suffix == ".html")
        if missing:
            raise PageError(f"{block.title}: expected to read there: {missing}")
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in block.lines), "utf-8")


def changed(text: str, block: Block) -> str:
    """Return a text with the lines of a `diff` block changed."""
    old = "".join(f"{line[1:]}\n" for line in block.lines if line[:1] in ("-", " "))
    new = "".join(f"{line[1:]}\n" for line in block.lines if line[:1] in ("+", " "))
    if f"\n{text}".count(f"\n{old}") != 1:
        raise PageError(f"{block.title}: expected these lines once:\n{old}")
    return f"\n{text}".replace(f"\n{old}", f"\n{new}")[1:]


def first_missing(text: str, lines: Sequence[str], is_html: bool) -> str:
    """Return the first of the lines that a text does not have after the others, however it is spaced."""
    read = html.unescape(UNREAD.sub(" ", text)) if is_html else text
    left = "".join(read.split())
    for line in lines:
        _, found, left = left.partition("".join(line.split()))
        if not found and line.strip():
            return line
    return ""


def rewrite(page: Path, news: Sequence[tuple[Command, list[str]]]) -> list[str]:
    """Write output that differs into a page; return what cannot be, since lines are left out there."""
    lines, kept = page.read_text("utf-8").splitlines(), []
    for command, printed in reversed(news):
        if LEFT_OUT in command.shown:
            kept.append(difference(page, command, printed))
        else:
            lines[command.first : command.last] = printed
    page.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return kept


def difference(page: Path, command: Command, printed: Sequence[str]) -> str:
    """Return where output differs, what is shown, and what came."""
    shown, came = ("".join(f"\n    {line}" for line in part) for part in (command.shown, printed[-40:]))
    return f"{page.name}:{command.line}: {command.text}\n  shown:{shown}\n  came:{came}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pages", nargs="*", type=Path)
    parser.add_argument("--jobs", type=int, default=1, help="pages at the same time")
    parser.add_argument("--write", action="store_true", help="write output that differs into the pages")
    options = parser.parse_args(arguments)
    every = sorted(path for path in DOCS.rglob("*.md") if runs(path.read_text("utf-8")))
    pages, bad = options.pages or every, 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for done in pool.map(run_page, pages):
            news = (
                rewrite(done.page, done.news)
                if options.write
                else [difference(done.page, *n) for n in done.news]
            )
            wrong = [*done.wrong, *news]
            bad += bool(wrong)
            print(
                f"{done.page.name}: {done.commands} commands, {done.seconds:.0f} s",
                *wrong,
                sep="\n  ",
                flush=True,
            )
    print(f"{len(pages) - bad} passed, {bad} failed")
    return int(bool(bad) or not pages)


if __name__ == "__main__":
    sys.exit(main())
