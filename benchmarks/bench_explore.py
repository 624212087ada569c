"""How long `gas explore` takes to show, filter, search and jump in a built folder, in headless Chromium on loopback.

    gas build general --set 'splits={train: 1000000}' --out million
    python benchmarks/bench_explore.py million general/train

Each figure is the median of several, from the action to what is seen, with the bytes that the page asked for. The
index is made anew first, and how long that takes is said.
"""

import argparse
import shutil
import statistics
import time
from pathlib import Path

from generate_any_scene.builders.explorer.explore import serve_page
from generate_any_scene.builders.explorer.index import find_index, make_index
from generate_any_scene.builders.folder.reading import find_split
from playwright.sync_api import sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
COMMON, RARE = "[data-facet=attribute] [data-value=color]", "[data-facet=complexity] [data-value='9']"


def measure(tab, action, seen):
    """Seconds until something is seen, and bytes that the page moved for it."""
    before = tab.evaluate("window.explorer.moved.bytes")
    start = time.perf_counter()
    action()
    seen()
    return time.perf_counter() - start, tab.evaluate("window.explorer.moved.bytes") - before


def run_once(browser, url, split, rows, jump):
    """Opens the page in a new tab and goes through it; figures by name."""
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    tab = context.new_page()
    tab.set_default_timeout(60_000)
    found = {}

    def wait(selector):
        return lambda: tab.wait_for_selector(selector)

    start = time.perf_counter()
    tab.goto(f"{url}#split={split}")
    tab.wait_for_selector("#row .caption")
    took = time.perf_counter() - start
    tab.wait_for_selector("body[data-state=ready]")
    found["first scene"] = took, tab.evaluate("window.explorer.times.first[1]")
    found["filters are there"] = time.perf_counter() - start, tab.evaluate("window.explorer.moved.bytes")
    some = wait(f"#count:has-text('of {rows:,}')")
    found["first filter"] = measure(tab, lambda: tab.click(COMMON), some)
    told = tab.inner_text("#count")
    found["second filter"] = measure(tab, lambda: tab.click(RARE), wait(f"#count:not(:text-is('{told}'))"))
    tab.click("#clear")
    tab.wait_for_selector(f"#count:text-is('{rows:,} scenes')")
    place = f"#place:has-text('{jump + 1:,} of')"
    tab.fill("#go", str(jump))
    found["jump to a row"] = measure(tab, lambda: tab.press("#go", "Enter"), wait(place))
    tab.fill("#concept", "dog")
    concept = "[data-facet=concept] .proposals button"
    found["a concept"] = measure(tab, lambda: tab.click(concept), some)
    tab.click("#clear")
    tab.wait_for_selector(f"#count:text-is('{rows:,} scenes')")
    found["first hits of a search"] = measure(tab, lambda: tab.fill("#q", "wooden"), some)
    found["all of a search"] = measure(
        tab, lambda: None, lambda: tab.wait_for_selector("#progress:empty", state="attached")
    )
    context.close()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("split", help="<config>/<split>")
    parser.add_argument("--repeat", type=int, default=5)
    arguments = parser.parse_args()
    source = find_split(arguments.folder, *arguments.split.split("/"))
    shutil.rmtree(find_index(source), ignore_errors=True)
    start = time.perf_counter()
    index = make_index(source)
    sizes = {file.name: file.stat().st_size for file in sorted(index.iterdir())}
    took, size = time.perf_counter() - start, sum(sizes.values()) / 1e6
    print(f"index of {source.rows:,} rows: {took:.1f} s, {size:.1f} MB {sizes}")
    path = next(filter(None, map(shutil.which, BROWSERS)))
    with serve_page(arguments.folder) as url, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        jumps = [int(source.rows * share) for share in (0.87, 0.31, 0.55, 0.12, 0.73)]
        runs = [
            run_once(browser, url, source.name, source.rows, jumps[number % len(jumps)])
            for number in range(arguments.repeat)
        ]
        browser.close()
    for name in runs[0]:
        seconds, moved = zip(*(run[name] for run in runs), strict=True)
        print(f"{name:24} {statistics.median(seconds):6.2f} s {statistics.median(moved) / 1e6:8.2f} MB")


if __name__ == "__main__":
    main()
