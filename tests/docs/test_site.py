"""The documentation site: it is built strictly, its links lead somewhere, and nothing in it asks another machine."""

import subprocess
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import generate_any_scene
import pytest
from pages import PAGES, ROOT

LOADED = {"img": "src", "script": "src", "source": "srcset", "link": "href"}


class Page(HTMLParser):
    """What a page links to and loads, and the anchors that it has."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loaded, self.anchors = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.anchors.add(attributes.get("id"))
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        if tag in LOADED and attributes.get(LOADED[tag]) and attributes.get("rel") != "canonical":
            self.loaded.append(attributes[LOADED[tag]])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, as `make docs` builds it."""
    site = tmp_path_factory.mktemp("site")
    built = subprocess.run(["make", "docs", f"SITE={site}"], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert built.returncode == 0, built.stdout + built.stderr
    return site


@pytest.fixture(scope="module")
def pages(site):
    return {path.parent: Page(path.read_text(encoding="utf-8")) for path in site.rglob("index.html")}


def test_every_page_is_there(site):
    for page in PAGES:
        if page.startswith("docs/") and page != "docs/index.md":
            assert (site / page.removeprefix("docs/").removesuffix(".md") / "index.html").exists()


def test_links_lead_somewhere(pages):
    lost = []
    for folder, page in pages.items():
        for link in (*page.links, *page.loaded):
            parts = urlsplit(link)
            if parts.scheme or parts.path.startswith("/"):  # the page of what is not found begins at the root
                continue
            target = (folder / unquote(parts.path)).resolve() if parts.path else folder
            there = target.exists()
            if there and parts.fragment and target in pages:
                there = unquote(parts.fragment) in pages[target].anchors
            if not there:
                lost.append((folder.name, link))
    assert lost == []


def test_nothing_is_loaded_from_elsewhere(pages):
    assert [link for page in pages.values() for link in page.loaded if urlsplit(link).scheme not in ("", "data")] == []


def test_all_that_is_public_has_its_docstring(pages, site):
    anchors = pages[site / "python_reference"].anchors
    missing = [
        name for name in generate_any_scene.__all__ if not any(str(one).endswith(f".{name}") for one in anchors)
    ]
    assert missing == []
