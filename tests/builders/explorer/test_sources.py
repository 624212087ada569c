"""The page that is shipped is that of its sources, and holds all that it needs."""

import base64
import hashlib
import json
import re
from pathlib import Path

from generate_any_scene.builders import explorer

FOLDER = Path(explorer.__file__).parent
PAGE = (FOLDER / "explore.html").read_text(encoding="utf-8")
SOURCES = Path(__file__).parents[3] / "builders" / "explorer" / "page"
OWN = ("page.html", "style.css", "package.json", "package-lock.json", "build.js")
MARKUP = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|new Function")
SCRIPTS = sorted(path.name for path in (SOURCES / "src").glob("*.js"))


def test_the_page_is_made_of_these_sources():
    """If this fails, run `npm ci && npm run build` in builders/explorer/page."""
    names = [*OWN, *(f"src/{name}" for name in SCRIPTS)]
    text = "\n".join(f"{name}\n{(SOURCES / name).read_text(encoding='utf-8')}" for name in names)
    assert f'<meta name="sources" content="{hashlib.sha256(text.encode()).hexdigest()}">' in PAGE


def test_the_page_loads_nothing():
    assert not re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="(?!data:)', PAGE)
    assert "@import" not in PAGE
    assert PAGE.count("<script") == 1


def test_the_page_runs_its_own_script_alone():
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', PAGE)
    (script,) = re.findall(r"<script>(.*?)</script>", PAGE, re.DOTALL)
    (digest,) = re.findall(r"script-src 'sha256-([^']+)'", policy)
    assert hashlib.sha256(script.encode()).digest() == base64.b64decode(digest)
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")


def test_no_script_makes_markup_of_text():
    for name in SCRIPTS:
        text = (SOURCES / "src" / name).read_text(encoding="utf-8")
        assert not MARKUP.findall(text)


def test_licences_of_what_is_inside_are_beside():
    notice = (FOLDER / "NOTICE-explorer.txt").read_text(encoding="utf-8")
    versions = json.loads((SOURCES / "package.json").read_text())["devDependencies"]
    for name in ("hyparquet", "fzstd"):
        assert f"{name} {versions[name]}\n" in notice
        assert f"{name} {versions[name]}" in PAGE
    assert notice.count("Permission is hereby granted") == 2
