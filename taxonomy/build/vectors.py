"""`python -m generate_any_scene.taxonomy.build.vectors`: rewrites the vectors of the shipped concepts.

It takes the extra `semantic`. The model's vectors are centered and reduced to their main directions: that tells
neighbours apart better than all of them do, and leaves a few megabytes.
"""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .. import vectors as package
from ..loader import Taxonomy, load_taxonomy
from ..vectors.encoders import load_encoder
from ..vectors.shipped import FILE, Vectors, round_vectors, write_vectors
from ..vectors.texts import list_texts
from ..vocabularies import list_rows, list_vocabularies, read_vocabulary

WIDTH = 128
PLACES = "location"


def main() -> None:
    """Writes the vectors beside the package's code."""
    vectors = embed_taxonomy(load_taxonomy())
    content = write_vectors(vectors)
    (files(package) / FILE).write_bytes(content)  # type: ignore[attr-defined]
    print(f"{FILE}: {len(vectors.texts)} texts, {len(content)} bytes")


def embed_taxonomy(taxonomy: Taxonomy, width: int = WIDTH) -> Vectors:
    """Embeds the objects that can be seen, all attributes and relations, the places of scenes; then vocabularies'."""
    parts = {table: list_texts(taxonomy, table) for table in ("objects", "attributes", "relations")}
    parts["objects"] = parts["objects"].filter(pc.not_equal(taxonomy.objects["tier"], "full").combine_chunks())
    is_place = pc.equal(taxonomy.scene_attributes["kind"], PLACES).combine_chunks()
    parts["scene_attributes"] = list_texts(taxonomy, "scene_attributes").filter(is_place)
    texts = set(pa.concat_arrays(list(parts.values())).to_pylist())
    encode = load_encoder()
    full = encode(sorted(texts))
    mean = full.mean(axis=0)
    directions = np.linalg.svd(full - mean, full_matrices=False)[2][:width].T
    found = dict(zip(sorted(texts), round_vectors((full - mean) @ directions), strict=True))
    # What a vocabulary lists besides takes no part in choosing the directions.
    if listed := sorted(_list_vocabulary_texts(taxonomy) - texts):
        found |= zip(listed, round_vectors((encode(listed) - mean) @ directions), strict=True)
    matrix = np.stack([found[text] for text in sorted(found)])
    return Vectors(pa.array(sorted(found)), matrix, mean, np.ascontiguousarray(directions))


def _list_vocabulary_texts(taxonomy: Taxonomy) -> set[str]:
    return {
        text
        for name in list_vocabularies()
        for table in read_vocabulary(name)
        for text in list_texts(taxonomy, table).take(pa.array(list_rows(taxonomy, name, table))).to_pylist()
    }


if __name__ == "__main__":
    main()
