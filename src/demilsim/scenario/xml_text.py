"""Read XML that a stranger wrote: no document type, hence no entities; nothing fetched; depth bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from xml.parsers import expat

from demilsim.scenario.text import Refused

MAX_XML_DEPTH = 100
_NAMESPACE_END = "}"


def _in_namespace(name: str) -> bool:
    return _NAMESPACE_END in name


@lru_cache(maxsize=1000)
def local(name: str) -> str:
    """Return a name without its namespace."""
    return name.rpartition(_NAMESPACE_END)[2]


@dataclass
class Element:
    """An element with the line on which it starts; names are without their namespace."""

    name: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, name: str) -> Iterator[Element]:
        """Yield the children of a name."""
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> Element | None:
        """Return the first child of a name."""
        return next(self.all(name), None)


Start = Callable[[str, dict[str, str], int], None]
End = Callable[[str], None]
Text = Callable[[str], None]


def parse(data: bytes, start: Start | None = None, end: End | None = None, text: Text | None = None) -> None:
    """Parse XML and report what is in it.

    Parameters
    ----------
    data
        The document.
    start
        Called with local name, attributes by local name, and line of each element.
    end
        Called with the local name.
    text
        Called with pieces of text.

    Raises
    ------
    Refused
        With the line: a document type or entity, too many levels, or no XML.
    """
    parser = expat.ParserCreate(namespace_separator=_NAMESPACE_END)
    parser.buffer_text = True
    depth = 0

    def refuse_type(*_: object) -> None:
        raise Refused(parser.CurrentLineNumber, "expected no DOCTYPE or ENTITY in XML (got one)")

    def on_start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_XML_DEPTH:
            raise Refused(
                parser.CurrentLineNumber, f"expected at most {MAX_XML_DEPTH} levels of XML (got more)"
            )
        if start:
            if any(map(_in_namespace, attributes)):
                attributes = {local(key): value for key, value in attributes.items()}
            start(local(name), attributes, parser.CurrentLineNumber)

    def on_end(name: str) -> None:
        nonlocal depth
        depth -= 1
        if end:
            end(local(name))

    parser.StartDoctypeDeclHandler = refuse_type
    parser.EntityDeclHandler = refuse_type
    if start or end:
        parser.StartElementHandler = on_start
        parser.EndElementHandler = on_end
    if text:
        parser.CharacterDataHandler = text
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        message = expat.errors.messages.get(error.code, "no XML")
        raise Refused(error.lineno, f"expected XML (got a mistake: {message})") from None
    except (ValueError, LookupError) as error:
        raise Refused(1, f"expected XML in a known encoding (got a mistake: {error})") from None


def tree(data: bytes) -> Element:
    """Return a document as a tree of elements; see `parse` for what is refused."""
    root = Element("", {}, 0)
    path = [root]

    def start(name: str, attributes: dict[str, str], line: int) -> None:
        element = Element(name, attributes, line)
        path[-1].children.append(element)
        path.append(element)

    def end(_: str) -> None:
        path.pop()

    def text(piece: str) -> None:
        path[-1].text += piece

    parse(data, start, end, text)
    return root.children[0]
