"""Makes a release ready: `python .ci/release.py 0.2.0`, or with `--dry-run`, which changes nothing here.

All of it happens in a clone first: the version is raised, the changelog split, golden records released, the wheel and
the source distribution built, checked, installed in a fresh environment and tried. Only when that has passed are the
changed files and `dist/` copied back. Nothing is committed, tagged or uploaded: docs/releasing.md says what follows.
"""

import argparse
import datetime
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "generate_any_scene"
VERSION, CHANGELOG, CITATION = "version.py", "CHANGELOG.md", "CITATION.cff"
RECORDS = "tests/golden/versions.json"
CHANGED = (VERSION, CHANGELOG, CITATION, RECORDS)
"""What a release changes."""
HEADING = "## Unreleased\n"
TRIAL = """
import generate_any_scene
from datasets import load_dataset

built = load_dataset("./gas", "multi_object", split="validation")
made = load_dataset("gas", "multi_object", split="validation", streaming=True)
assert built[0] == next(iter(made)), "rows of a built folder and rows that are made differ"
print(f"{built.num_rows} rows: {built[0]['caption']}")
"""
"""What a user does after `gas build multi_object`."""


def main() -> None:
    """Makes a release ready, or says what is in its way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", help="of the release, such as 0.2.0")
    parser.add_argument("--date", default=datetime.date.today().isoformat(), help="of the release; by default today")
    parser.add_argument("--dry-run", action="store_true", help="copy nothing back")
    options = parser.parse_args()
    refuse_changes(ROOT)
    refuse_tag(ROOT, options.version)
    with tempfile.TemporaryDirectory() as temporary:
        source = Path(temporary, "source")
        run(["git", "clone", "--quiet", str(ROOT), str(source)])
        raise_version(source, options.version, options.date)
        release_records(source)
        files = build_files(source)
        try_wheel(next(file for file in files if file.suffix == ".whl"), options.version, Path(temporary, "trial"))
        if options.dry_run:
            print(f"{options.version} can be released; nothing was changed")
            return
        for name in CHANGED:
            shutil.copyfile(source / name, ROOT / name)
        (ROOT / "dist").mkdir(exist_ok=True)
        for file in files:
            shutil.copyfile(file, ROOT / "dist" / file.name)
    print(f"{options.version} is ready: look at `git diff` and dist/, then go on as docs/releasing.md says")


def stop(why: str) -> NoReturn:
    sys.exit(f"release: {why}")


def run(command: Sequence[str], cwd: Path | None = None, **variables: str) -> str:
    """Runs a command, and gives what it prints; stops with all of that if it fails."""
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        stop(f"`{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def refuse_changes(root: Path) -> None:
    """Stops where files differ from the commit: a release is of a commit."""
    if changed := run(["git", "status", "--porcelain", "--untracked-files=no"], root):
        stop(f"commit or put away what is changed:\n{changed}")


def refuse_tag(root: Path, version: str) -> None:
    if run(["git", "tag", "--list", f"v{version}"], root):
        stop(f"there is a tag v{version}: choose a later version")


def raise_version(root: Path, version: str, date: str) -> None:
    """Writes the version into the package, the changelog and the citation."""
    texts = {name: (root / name).read_text(encoding="utf-8") for name in (VERSION, CHANGELOG, CITATION)}
    now = replace_once(r'__version__ = "(.*)"', texts[VERSION], f'__version__ = "{version}"', VERSION)
    check_version(re.findall(r'__version__ = "(.*)"', texts[VERSION])[0], version)
    dated = f"version: {version}\ndate-released: {date}\n"
    cited = replace_once(r"(?m)^version: .*\n(date-released: .*\n)?", texts[CITATION], dated, CITATION)
    split = split_changelog(texts[CHANGELOG], version, date)
    for name, text in ((VERSION, now), (CHANGELOG, split), (CITATION, cited)):
        (root / name).write_text(text, encoding="utf-8")


def check_version(old: str, new: str) -> None:
    """Stops where the new version is none, or not a later one."""
    try:
        later = Version(new) > Version(old)
    except InvalidVersion:
        stop(f"{new} is no version; write numbers as 0.2.0")
    if not later or not re.fullmatch(r"\d+\.\d+\.\d+", new) or str(Version(new)) != new:
        stop(f"{new} does not follow {old}; give a later version, of three numbers such as 0.2.0")


def replace_once(pattern: str, text: str, new: str, name: str) -> str:
    replaced, count = re.subn(pattern, new, text)
    if count != 1:
        stop(f"{name} has {count} lines like {pattern}, not 1")
    return replaced


def split_changelog(text: str, version: str, date: str) -> str:
    """The changelog with what is unreleased under the version, and an empty heading above it.

    Dates are those of ISO 8601, as Keep a Changelog has them.
    """
    try:
        datetime.date.fromisoformat(date)
    except ValueError:
        stop(f"--date {date} is no date; write it as 2026-12-31")
    if text.count(HEADING) != 1:
        stop(f"{CHANGELOG} needs one heading `{HEADING.strip()}`")
    head, unreleased = text.split(HEADING)
    if not re.search(r"(?m)^- ", unreleased.split("\n## ")[0]):
        stop(f"{CHANGELOG} lists nothing under `{HEADING.strip()}`: there is nothing to release")
    return f"{head}{HEADING}\n## {version} - {date}\n{unreleased}"


def release_records(root: Path) -> None:
    """Notes that the recipes' versions are released, from when on nothing rewrites what they stand for."""
    path = root.parent / "path"
    path.mkdir()
    (path / PACKAGE).symlink_to(root)
    run([sys.executable, "tests/golden/update.py", "--release"], root, PYTHONPATH=str(path))


def build_files(root: Path) -> list[Path]:
    """Builds the source distribution, the wheel from that, and checks what package indexes ask of both."""
    out = root.parent / "dist"
    run([sys.executable, "-m", "build", "--outdir", str(out), str(root)])
    files = sorted(out.iterdir())
    if [file.suffix for file in files] != [".whl", ".gz"]:
        stop(f"one wheel and one source distribution should be built, not {', '.join(file.name for file in files)}")
    run([sys.executable, "-m", "twine", "check", "--strict", *map(str, files)])
    print(*(f"built and checked {file.name} ({file.stat().st_size / 1e6:.1f} MB)" for file in files), sep="\n")
    return files


def try_wheel(wheel: Path, version: str, place: Path) -> None:
    """Installs the wheel in a fresh environment, away from the sources, and does there what a new user would."""
    venv.create(place / "venv", with_pip=True)
    python, gas = str(place / "venv" / "bin" / "python"), str(place / "venv" / "bin" / "gas")
    alone = {"PYTHONPATH": "", "HF_HOME": str(place / "huggingface"), "XDG_CACHE_HOME": str(place / "cache")}
    # the caches of pip are the user's all the same
    run([python, "-m", "pip", "install", "--quiet", str(wheel)], place, PYTHONPATH="")
    if (said := run([gas, "--version"], place, **alone).strip()) != version:
        stop(f"`gas --version` says {said}, not {version}")
    run([gas, "build", "multi_object"], place, **alone)
    run([gas, "verify", "gas"], place, **alone)
    print(f"installed and tried: gas {version}, {run([python, '-c', TRIAL], place, **alone).strip()}")


if __name__ == "__main__":
    main()
