"""Lets pages link to files that are no pages: the site then has a page of each.

A page on GitHub links to `../templates/captions/prompt.jinja`, and GitHub shows it. On the site, a Markdown file of
the repository is a page like the others, a notebook one of its cells, any other file a page with its text, and a
folder a page that lists its files.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

LINK = re.compile(r"(?<=\]\()[^)\s#]+(?=[)#])")
NAME = re.compile(r"(?<=\[)(\w+)\.md(?=\]\()")
FOLDER = "repository"
LANGUAGES = {"cfg": "ini", "jinja": "jinja", "json": "json", "py": "python", "toml": "toml", "yaml": "yaml"}
SHOWN = (".md", ".png", ".svg")
"""What mkdocs shows itself where it lies in docs/."""

sources: dict[str, Path] = {}
"""The file or folder that a page of this module shows, by the page's address in docs/."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds a page for each file that a page links to, and for those that these link to."""
    docs = Path(config.docs_dir).resolve()
    sources.clear()
    pages = files.documentation_pages()
    waiting = [(docs / page.src_uri, page.content_string) for page in pages]
    while waiting:
        path, text = waiting.pop()
        for target in _list_targets(path, text):
            address = _name_page(target, docs)
            if address and address not in sources:
                sources[address] = target
                shown = _write_page(target, docs.parent)
                files.append(File.generated(config, address, content=shown))
                waiting.append((target / "index.md" if target.is_dir() else target, shown))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turns links to files into links to their pages, and names of pages into their titles."""
    docs = Path(config.docs_dir).resolve()
    address = page.file.src_uri
    source = sources.get(address, docs / address)
    folder = source if source.is_dir() else source.parent

    def mend(match: re.Match[str]) -> str:
        if ":" in match[0]:
            return match[0]
        target = (folder / match[0]).resolve()
        shown = _name_page(target, docs)
        if (
            not shown and address in sources and target.is_relative_to(docs)
        ):  # a page, seen from a file of the repository
            shown = target.relative_to(docs).as_posix()
        return os.path.relpath(shown, Path(address).parent) if shown else match[0]

    def entitle(match: re.Match[str]) -> str:
        path = docs / match[0]
        return path.read_text(encoding="utf-8").partition("# ")[2].partition("\n")[0] if path.exists() else match[0]

    return NAME.sub(entitle, LINK.sub(mend, markdown))


def _list_targets(path: Path, text: str) -> Iterable[Path]:
    links = (link for link in LINK.findall(text) if ":" not in link)
    return ((path.parent / link).resolve() for link in links)


def _name_page(target: Path, docs: Path) -> str | None:
    """The address of the page that shows a file or folder, None where mkdocs shows it or it is not there."""
    if not target.exists() or not target.is_relative_to(docs.parent):
        return None
    if target.is_relative_to(docs) and target.suffix in SHOWN:
        return None
    name = f"{FOLDER}/{target.relative_to(docs.parent).as_posix()}"
    if target.is_dir():
        return f"{name}/index.md"
    return name if target.suffix == ".md" else f"{name}.md"


def _write_page(target: Path, root: Path) -> str:
    """Writes the page that shows a file or folder."""
    if target.suffix == ".md":
        return target.read_text(encoding="utf-8")
    title = f"# {target.relative_to(root).as_posix()}\n\n"
    if target.is_dir():
        names = sorted(path.name for path in target.iterdir() if not path.name.startswith(("_", ".")))
        return title + "".join(f"- [{name}]({name})\n" for name in names)
    if target.suffix == ".ipynb":
        return _write_notebook(target)
    language = LANGUAGES.get(target.suffix.removeprefix("."), "text")
    return f"{title}````{language}\n{target.read_text(encoding='utf-8')}````\n"


def _write_notebook(path: Path) -> str:
    """The cells of a notebook, text as it is and code in blocks, after a note on where to run it."""
    note = f"*A notebook: run it with Jupyter, from `{'/'.join(path.parts[-3:])}` in the repository.*"
    title, *cells = (_write_cell(cell) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"])
    return "\n\n".join([title, note, *cells]) + "\n"


def _write_cell(cell: dict[str, Any]) -> str:
    text = "".join(cell["source"])
    return text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```"
