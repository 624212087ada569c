"""`.ci/release.py`: what a release changes, and what stops one."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import generate_any_scene
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / ".ci" / "release.py"
CHANGELOG = "# Changelog\n\n## Unreleased\n\n### Added\n\n- A thing.\n\n## 0.1.0 - 2026-01-02\n\n- The first.\n"


def load_script():
    spec = importlib.util.spec_from_file_location("release", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


release = load_script()


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A repository of its own, with the files as they are here."""
    place = tmp_path_factory.mktemp("release") / "repository"
    git = ["git", "-C", str(ROOT)]
    names = subprocess.run([*git, "ls-files", "-z"], capture_output=True, text=True, check=False).stdout.split("\0")
    if names == [""]:
        pytest.skip("needs a repository")
    for name in filter(None, names):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, place / name)
    run_git(place, "init", "--quiet")
    run_git(place, "add", "--all")
    run_git(place, "commit", "--quiet", "--message", "All")
    run_git(place, "tag", "v0.3.0")
    return place


def run_git(place, *words):
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", "-C", place, *identity, *words], capture_output=True, text=True, check=True).stdout


def run_script(place, *words):
    command = [sys.executable, place / ".ci" / "release.py", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_changelog_is_split_at_the_version():
    text = release.split_changelog(CHANGELOG, "0.2.0", "2026-12-31")
    assert text == CHANGELOG.replace("## Unreleased\n", "## Unreleased\n\n## 0.2.0 - 2026-12-31\n")
    with pytest.raises(SystemExit, match="there is nothing to release"):
        release.split_changelog(text, "0.3.0", "2026-12-31")


@pytest.mark.parametrize("text", ["# Changelog\n", CHANGELOG + "## Unreleased\n"])
def test_a_changelog_has_one_heading_for_what_is_unreleased(text):
    with pytest.raises(SystemExit, match="needs one heading `## Unreleased`"):
        release.split_changelog(text, "0.2.0", "2026-12-31")


def test_dates_are_dates():
    with pytest.raises(SystemExit, match="write it as 2026-12-31"):
        release.split_changelog(CHANGELOG, "0.2.0", "31.12.2026")


@pytest.mark.parametrize("new", ["0.1.0", "0.0.9", "0.2", "v0.2.0", "two", "0.02.0"])
def test_a_version_is_a_later_one_in_three_numbers(new):
    with pytest.raises(SystemExit, match="0.2.0"):
        release.check_version("0.1.0", new)
    release.check_version("0.1.0", "0.1.1")
    release.check_version("0.9.0", "0.10.0")


def test_a_release_has_one_version_everywhere(repository, tmp_path):
    place = tmp_path / "source"
    run_git(repository, "clone", "--quiet", repository, place)
    release.raise_version(place, "0.9.0", "2026-12-31")
    release.release_records(place)
    assert set(run_git(place, "diff", "--name-only").split()) == set(release.CHANGED)
    assert '__version__ = "0.9.0"' in (place / "version.py").read_text()
    cited = yaml.safe_load((place / "CITATION.cff").read_text())
    assert (cited["version"], str(cited["date-released"])) == ("0.9.0", "2026-12-31")
    assert "## Unreleased\n\n## 0.9.0 - 2026-12-31\n" in (place / "CHANGELOG.md").read_text()
    records = json.loads((place / "tests" / "golden" / "versions.json").read_text())
    assert records and all(one["released"] for versions in records.values() for one in versions.values())


def test_what_differs_from_the_commit_or_is_tagged_stops_a_release(repository, tmp_path):
    place = tmp_path / "here"
    run_git(repository, "clone", "--quiet", repository, place)
    tagged = run_script(place, "0.3.0", "--dry-run")
    assert (tagged.returncode, tagged.stderr) == (1, "release: there is a tag v0.3.0: choose a later version\n")
    (place / "LICENSE").write_text("mine")
    changed = run_script(place, "0.2.0", "--dry-run")
    assert changed.returncode == 1 and "commit or put away what is changed" in changed.stderr
    assert run_git(place, "status", "--porcelain") == " M LICENSE\n"


@pytest.mark.slow
def test_a_release_can_be_made(repository):
    """All of it, with packages of an index, as `.ci/run` has them."""
    if importlib.util.find_spec("twine") is None:
        pytest.skip("needs the package `twine`")
    done = run_script(repository, "0.9.0", "--dry-run")
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "0.9.0 can be released; nothing was changed"
    assert "installed and tried: gas 0.9.0, 500 rows: " in done.stdout
    assert run_git(repository, "status", "--porcelain") == ""


def test_the_citation_says_what_the_package_is():
    """Its version is the package's, and the paper is that of the cards."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    paper = cited["preferred-citation"]
    card = (ROOT / "templates" / "cards" / "dataset.jinja").read_text(encoding="utf-8")
    assert cited["version"] == generate_any_scene.__version__
    assert f"title = {{{paper['title']}}}" in card
    names = [f"{one['given-names']} {one['family-names']}" for one in paper["authors"]]
    assert f"author = {{{' and '.join(names)}}}" in card
