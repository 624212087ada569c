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

WIDTH = 128
PLACES = "location"


def main() -> None:
    """Writes the vectors beside the package's code."""
    vectors = embed_taxonomy(load_taxonomy())
    content = write_vectors(vectors)
    (files(package) / FILE).write_bytes(content)  # type: ignore[attr-defined]
    print(f"{FILE}: {len(vectors.texts)} texts, {len(content)} bytes")


def embed_taxonomy(taxonomy: Taxonomy, width: int = WIDTH) -> Vectors:
    """Embeds the objects that can be seen, all attributes and relations, and the places of scenes."""
    parts = {table: list_texts(taxonomy, table) for table in ("objects", "attributes", "relations")}
    parts["objects"] = parts["objects"].filter(pc.not_equal(taxonomy.objects["tier"], "full").combine_chunks())
    is_place = pc.equal(taxonomy.scene_attributes["kind"], PLACES).combine_chunks()
    parts["scene_attributes"] = list_texts(taxonomy, "scene_attributes").filter(is_place)
    texts = pa.array(sorted(set(pa.concat_arrays(list(parts.values())).to_pylist())))
    full = load_encoder()(texts.to_pylist())
    mean = full.mean(axis=0)
    directions = np.linalg.svd(full - mean, full_matrices=False)[2][:width].T
    return Vectors(texts, round_vectors((full - mean) @ directions), mean, np.ascontiguousarray(directions))


if __name__ == "__main__":
    main()
