"""Texts from recipes, templates and rows in Markdown, where they can neither break a page nor dress it up."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

MARKUP = re.compile(r"[\\`*_{}\[\]|~$]")


def escape_markdown(text: str) -> str:
    """A text in one line of Markdown, which it can neither break nor dress up."""
    line = " ".join(text.split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return MARKUP.sub(r"\\\g<0>", line)


def quote_attribute(text: str) -> str:
    """A text as the value of an attribute of HTML within Markdown, in one line, with its quotes."""
    return f'"{escape(" ".join(text.split()))}"'


def write_fence(text: str, language: str) -> str:
    """A block of code, whatever is in it."""
    ticks = max([2, *map(len, re.findall("`+", text))]) + 1
    return f"{'`' * ticks}{language}\n{text.rstrip()}\n{'`' * ticks}"


def write_json(value: Any, indent: int = 0) -> str:
    """JSON on as few lines as are readable."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= 100 or not value or not isinstance(value, dict | list):
        return line
    inner = indent + 2
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {write_json(item, inner)}" for key, item in value.items()]
    else:
        parts = [write_json(item, inner) for item in value]
    ends = "{}" if isinstance(value, dict) else "[]"
    return f"{ends[0]}\n" + ",\n".join(" " * inner + part for part in parts) + f"\n{' ' * indent}{ends[1]}"
