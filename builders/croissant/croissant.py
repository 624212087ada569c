"""Writes `croissant.json`: files, columns, and what Responsible AI asks about data, from manifest and recipes alone.

Follows the formats Croissant 1.0 (docs.mlcommons.org/croissant/docs/croissant-spec-1.0.html) and Croissant RAI 1.0
(docs.mlcommons.org/croissant/docs/croissant-rai-spec.html). The same folder always gives the same bytes, so no date is
written unless somebody gives one.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ...errors import GasError
from ..folder.files import resolve_inside, write_text
from ..folder.manifest import Config, Manifest
from ..recipe.fields import show
from ..recipe.loading import load_recipe
from ..recipe.model import SPLITS, Recipe
from ..rows.schema import schema_of
from .columns import describe_column
from .responsibility import describe_responsibility

CROISSANT = "croissant.json"
HUB = "https://huggingface.co"
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that the specification gives; readers warn of another."""
SEALED = "identifier"
"""The key with a digest of all others, by which it is known whether people changed the file."""


def write_croissant(folder: Path, manifest: Manifest, path: Path, repo: str | None = None) -> None:
    """Writes the description of a built folder, whose recipes are in place, as `path`.

    A date of publication that `gas croissant` has written into the folder stays.
    """
    published = _read_published(folder / CROISSANT)
    write_text(path, format_croissant(describe_dataset(folder, manifest, repo, published)))


def _read_published(path: Path) -> str | None:
    if not path.is_file() or not is_ours(path.read_bytes()):
        return None
    date: str | None = json.loads(path.read_bytes()).get("datePublished")
    return date


def format_croissant(described: Mapping[str, Any]) -> str:
    """The text of `croissant.json`, with the digest of what it says."""
    digest = _hash(described)
    return json.dumps({**described, SEALED: f"sha256:{digest}"}, indent=2, ensure_ascii=False) + "\n"


def is_ours(text: bytes) -> bool:
    """Whether a description is as it was written: nobody changed it since."""
    try:
        value = json.loads(text)
        sealed = value.pop(SEALED)
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return False
    return bool(sealed == f"sha256:{_hash(value)}")


def _hash(described: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def describe_dataset(
    folder: Path, manifest: Manifest, repo: str | None = None, published: str | None = None
) -> dict[str, Any]:
    """What `croissant.json` says.

    Args:
        folder: The built folder; of it only recipes are read.
        manifest: Of the folder.
        repo: `name/repository` of the Hub, where the files will be; by default they lie beside the description.
        published: The date of publication, as ISO 8601 has it.

    Raises:
        GasError: The date is none, or a recipe cannot be read.
    """
    if published is not None:
        _check_date(published)
    configs = dict(sorted(manifest.configs.items()))
    recipes = {name: load_recipe(resolve_inside(folder, config.recipe)).recipe for name, config in configs.items()}
    responsibility = describe_responsibility(configs, recipes)
    versions = {config.version for config in configs.values()}
    name = repo.partition("/")[2] if repo else folder.absolute().name
    hub = _describe_repo(repo) if repo else {}
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": name,
        "description": responsibility.pop("description"),
        **hub,
        "license": sorted({recipe.license for recipe in recipes.values()}),
        "inLanguage": sorted({recipe.language for recipe in recipes.values()}),
        "keywords": ["scene graph", "synthetic", *sorted({recipe.modality for recipe in recipes.values()})],
        **({"version": versions.pop()} if len(versions) == 1 else {}),
        **({"datePublished": published} if published else {}),
        "citeAs": responsibility.pop("citeAs"),
        **responsibility,
        "distribution": _list_distribution(configs, repo),
        "recordSet": [
            described for one, config in configs.items() for described in _describe_records(one, config, recipes[one])
        ],
    }


def _check_date(text: str) -> None:
    try:
        datetime.date.fromisoformat(text)
    except ValueError as error:
        raise GasError(f"--published {show(text)} is no date; write it as 2026-12-31") from error


def _describe_repo(repo: str) -> dict[str, Any]:
    owner = repo.partition("/")[0]
    creator = {"@type": "sc:Organization", "name": owner, "url": f"{HUB}/{owner}"}
    return {"url": f"{HUB}/datasets/{repo}", "creator": creator}


def _list_distribution(configs: Mapping[str, Config], repo: str | None) -> list[dict[str, Any]]:
    """Every Parquet file with its digest, and for each config the set of its files."""
    base = f"{HUB}/datasets/{repo}/resolve/main/" if repo else ""
    listed: list[dict[str, Any]] = []
    if repo:
        listed.append(
            {
                "@type": "cr:FileObject",
                "@id": "repo",
                "name": "repo",
                "description": "The dataset repository of the Hub.",
                "contentUrl": f"{HUB}/datasets/{repo}",
                "encodingFormat": "git+https",
                # the format wants a digest, a repository that grows has none, and this is what readers take for that
                "sha256": "https://github.com/mlcommons/croissant/issues/80",
            }
        )
    for name, config in configs.items():
        listed += [
            {
                "@type": "cr:FileObject",
                "@id": file.path,
                "name": file.path,
                "contentUrl": base + quote(file.path),
                "contentSize": f"{file.bytes} B",
                "encodingFormat": "application/x-parquet",
                "sha256": file.sha256,
            }
            for file in config.list_files()
        ]
        listed.append(
            {
                "@type": "cr:FileSet",
                "@id": f"{name}-files",
                "name": f"{name}-files",
                **({"containedIn": {"@id": "repo"}} if repo else {}),
                "encodingFormat": "application/x-parquet",
                "includes": f"{name}/*.parquet",
            }
        )
    return listed


def _describe_records(name: str, config: Config, recipe: Recipe) -> list[dict[str, Any]]:
    """The splits of a config, and its rows with their columns."""
    splits, files = f"{name}_splits", f"{name}-files"
    split = {
        "@type": "cr:Field",
        "@id": f"{name}/split",
        "name": f"{name}/split",
        "description": "The split that a scene belongs to.",
        "dataType": "sc:Text",
        "source": {
            "fileSet": {"@id": files},
            "extract": {"fileProperty": "fullpath"},
            # of a file's path, and of what it gives: a reader that joins applies it twice
            "transform": {"regex": rf"(?:.*/)?({'|'.join(SPLITS)})(?:-[0-9]+-of-[0-9]+\.parquet)?$"},
        },
        "references": {"field": {"@id": f"{splits}/name"}},
    }
    rows, purpose = sum(info.rows for info in config.splits.values()), " ".join(recipe.description.split())
    return [
        {
            "@type": "cr:RecordSet",
            "@id": splits,
            "name": splits,
            "description": f"Splits of {name}.",
            "dataType": "cr:Split",
            "key": {"@id": f"{splits}/name"},
            "field": [{"@type": "cr:Field", "@id": f"{splits}/name", "name": f"{splits}/name", "dataType": "sc:Text"}],
            "data": [{f"{splits}/name": one} for one in config.splits],
        },
        {
            "@type": "cr:RecordSet",
            "@id": name,
            "name": name,
            "description": f"{rows:,} scenes, version {config.version}. {purpose}".strip(),
            "key": {"@id": f"{name}/id"},
            "field": [split, *(describe_column(name, files, column) for column in schema_of(recipe))],
        },
    ]
