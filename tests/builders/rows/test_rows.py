"""Rows: the columns that scripts rely on, and what holds between them."""

import networkx as nx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from generate_any_scene.builders.content.draw import draw_block
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.folder.parquet import open_parquet
from generate_any_scene.builders.recipe.loading import list_recipes, load_recipe
from generate_any_scene.builders.rows.schema import SCHEMA, VIEWS, schema_of
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.errors import RecipeError
from generate_any_scene.taxonomy import mark_under

TEXT = pa.string()
ATTRIBUTES = pa.list_(pa.struct({"kind": TEXT, "value": TEXT}))
COLUMNS = {
    "id": TEXT,
    "caption": TEXT,
    "scene_graph": pa.struct(
        {
            "objects": pa.list_(
                pa.struct({"name": TEXT, "concept": TEXT, "attributes": ATTRIBUTES, "count": pa.int32()})
            ),
            "relations": pa.list_(
                pa.struct({"subject": pa.int32(), "predicate": TEXT, "category": TEXT, "object": pa.int32()})
            ),
        }
    ),
    "scene_attributes": ATTRIBUTES,
    "questions": pa.list_(
        pa.struct(
            {
                "question": TEXT,
                "answer": TEXT,
                "choices": pa.list_(TEXT),
                "form": TEXT,
                "kind": TEXT,
                "elements": pa.list_(TEXT),
                "depends_on": pa.list_(pa.int32()),
                "foil": TEXT,
                "aliases": pa.list_(TEXT),
            }
        )
    ),
    "mentions": pa.list_(pa.struct({"element": TEXT, "start": pa.int32(), "end": pa.int32()})),
    "structure": pa.struct(
        {
            "objects": pa.int32(),
            "attributes": pa.int32(),
            "relations": pa.int32(),
            "complexity": pa.int32(),
            "components": pa.int32(),
            "average_degree": pa.float32(),
            "topology": TEXT,
        }
    ),
}


def test_columns_are_the_published_ones():
    assert pa.schema(COLUMNS) == SCHEMA
    assert all(set(columns) < set(COLUMNS) for columns in VIEWS.values())


@pytest.mark.parametrize("recipe", list_recipes())
def test_every_recipe_makes_valid_arrow(recipe, open_writer):
    writer = open_writer(recipe)
    table = writer.write_block("validation", 1, 100)
    table.validate(full=True)
    assert table.schema == schema_of(writer.plan.recipe)
    assert len(table) == 100
    assert not any(table[name].null_count for name in SCHEMA.names)


@pytest.mark.parametrize("recipe", list_recipes())
def test_parquet_keeps_words_and_questions_as_dictionaries(recipe, open_writer, tmp_path):
    """That makes small files, quickly. Parquet gives up a dictionary in which a text stands twice."""
    writer, path = open_writer(recipe), tmp_path / "rows.parquet"
    split = next(iter(writer.plan.recipe.splits))
    scenes = draw_block(writer.plan, split, 0, 0, 2000)
    table = writer.write(scenes, split, encoded=True)
    with open_parquet(path, table.schema) as file:
        file.write_table(table)
    assert pq.read_table(path) == writer.write(scenes, split)
    metadata = pq.read_metadata(path)
    columns = [metadata.row_group(0).column(number) for number in range(metadata.num_columns)]
    texts = [column for column in columns if column.physical_type == "BYTE_ARRAY"]
    assert len(texts) > 10
    assert {column.path_in_schema for column in texts if "RLE_DICTIONARY" not in column.encodings} == set()
    assert [column.path_in_schema for column in columns if column.is_stats_set] == ["id"]
    assert all(column.has_offset_index for column in columns), "by which a browser reads the pages of a few rows"
    assert [column.path_in_schema for column in columns if column.has_column_index] == ["id"]


@pytest.mark.parametrize("recipe", list_recipes())
def test_structure_describes_the_scene_graph(recipe, write_rows):
    for row in write_rows(recipe, rows=500):
        objects, relations = row["scene_graph"]["objects"], row["scene_graph"]["relations"]
        attributes = sum(len(item["attributes"]) for item in objects)
        graph = nx.DiGraph()
        graph.add_nodes_from(range(len(objects)))
        graph.add_edges_from((relation["subject"], relation["object"]) for relation in relations)
        assert graph.number_of_nodes() == len(objects)
        assert nx.is_directed_acyclic_graph(graph)
        assert row["structure"] == {
            "objects": len(objects),
            "attributes": attributes,
            "relations": len(relations),
            "complexity": len(objects) + attributes + len(relations),
            "components": nx.number_weakly_connected_components(graph),
            "average_degree": pytest.approx(2 * len(relations) / len(objects)),
            "topology": row["structure"]["topology"],
        }


def test_topology_is_equal_if_and_only_if_graphs_are_isomorphic(write_rows):
    graphs = []
    for row in write_rows("general", ("structure.complexity=[4, 6]", "questions=[]"), 250):
        graph = nx.DiGraph(topology=row["structure"]["topology"])
        for i, item in enumerate(row["scene_graph"]["objects"]):
            graph.add_node(i, attributes=len(item["attributes"]))
        graph.add_edges_from((one["subject"], one["object"]) for one in row["scene_graph"]["relations"])
        graphs.append(graph)
    same = nx.algorithms.isomorphism.categorical_node_match("attributes", None)
    for i, one in enumerate(graphs):
        for other in graphs[:i]:
            equal = one.graph["topology"] == other.graph["topology"]
            assert equal == nx.is_isomorphic(one, other, node_match=same)


@pytest.mark.parametrize("recipe", list_recipes())
def test_recipes_keep_within_what_they_state(recipe, open_writer, write_rows):
    structure = open_writer(recipe).plan.recipe.structure
    for row in write_rows(recipe, rows=500):
        for key in ("complexity", "objects", "attributes", "relations", "components", "average_degree"):
            low, high = getattr(structure, key) or (0, 1000)
            assert low <= row["structure"][key] <= high


def test_ids_name_config_split_and_index(open_writer):
    writer = open_writer("video")
    assert writer.write_block("test", 0, 3)["id"].to_pylist() == [f"video/test/{i:09d}" for i in range(3)]
    assert writer.write_block("train", 2, 1)["id"].to_pylist() == [f"video/train/{2 * BLOCK:09d}"]


def test_fewer_rows_are_the_first_of_more(open_writer):
    """Also for questions, whose foils and choices are drawn together."""
    writer = open_writer("general")
    rows = writer.write_block("train", 0, 300).to_pylist()
    for count in (100, 101):
        assert writer.write_block("train", 0, count).to_pylist() == rows[:count]


def test_rows_do_not_depend_on_what_was_written_before(open_writer):
    used = open_writer("general")
    used.write_block("train", 1, 64)
    fresh = create_writer(load_recipe("general"))
    assert fresh.write_block("train", 2, 300) == used.write_block("train", 2, 300)


@pytest.mark.parametrize("recipe", list_recipes())
def test_the_last_block_of_a_split_may_hold_one_row(recipe, open_writer):
    """Whatever that row has and lacks, and whatever came before it."""
    writer = open_writer(recipe)
    scenes = draw_block(writer.plan, "train", 1)
    whole = writer.write(scenes.cut(0, 200), "train")
    for scene in range(8):
        (row,) = writer.write(scenes.cut(scene, scene + 1), "train").to_pylist()
        assert row["id"] == f"{recipe}/train/{BLOCK + scene:09d}"
    assert writer.write(scenes.cut(0, 200), "train") == whole


def test_the_filters_of_a_recipe_hold(taxonomy, write_rows):
    overrides = (
        "content.objects={under: [animal.n.01, vehicle.n.01], exclude: [dog.n.01], min_frequency: 3.0}",
        "content.attributes={kinds: [color], max_per_object: 1}",
        "content.relations={categories: [spatial]}",
        "content.scene_attributes={kinds: [weather], count: [0, 1]}",
    )
    under = mark_under(taxonomy, ["animal.n.01", "vehicle.n.01"]) & ~mark_under(taxonomy, ["dog.n.01"])
    objects = taxonomy.objects.to_pylist()
    allowed = {
        row["id"]
        for row, inside in zip(objects, under, strict=True)
        if inside and row["frequency"] >= 3.0 and row["tier"] == "common" and row["visible"] == "yes"
    }
    rows = write_rows("general", (*overrides, "questions=[]"), 1000)
    graphs = [row["scene_graph"] for row in rows]
    assert {item["concept"] for graph in graphs for item in graph["objects"]} == allowed
    assert {one["kind"] for graph in graphs for item in graph["objects"] for one in item["attributes"]} == {"color"}
    assert {relation["category"] for graph in graphs for relation in graph["relations"]} == {"spatial"}
    assert {one["kind"] for row in rows for one in row["scene_attributes"]} == {"weather"}


@pytest.mark.parametrize(("top", "count"), [("4", 4), ("'50%'", 0.5)])
def test_the_most_frequent_objects_can_be_chosen(top, count, open_writer, taxonomy):
    plan = open_writer("multi_object", "content.objects.under=[vehicle.n.01]", f"content.objects.top={top}").plan
    every = open_writer("multi_object", "content.objects.under=[vehicle.n.01]").plan.pools.objects
    chosen = plan.pools.objects
    frequency = taxonomy.objects["frequency"].to_numpy()
    assert len(chosen) == (count if count > 1 else round(count * len(every)))
    assert frequency[chosen].min() >= frequency[sorted(set(every) - set(chosen))].max()


def test_all_mistakes_in_the_content_are_told_at_once_with_lines(write_recipe):
    path = write_recipe(
        """structure: {complexity: [3, 4], objects: 5}
content:
  objects: {under: [dgo.n.01], exclude: [nothing like it], weights: {cat.n.01: 2}}
  attributes: {kinds: [colour]}
  relations: {categories: [spatal]}
captions: defualt
"""
    )
    with pytest.raises(RecipeError) as caught:
        create_writer(load_recipe(path))
    message = str(caught.value)
    lines = message.splitlines()
    assert all(line.startswith(f"{path}:") for line in lines)
    for words in (
        "dgo.n.01",
        "did you mean `color`",
        "did you mean `spatial`",
        "did you mean `default`",
        "exclude each other",
    ):
        assert sum(words in line for line in lines) >= 1, words
    for key in ("objects.under", "objects.exclude", "attributes.kinds", "relations.categories"):
        assert f"content.{key}" in message


def test_scene_attributes_of_another_modality_are_refused(write_recipe):
    path = write_recipe("structure: {complexity: 3}\ncontent: {scene_attributes: {kinds: [three_d_view], count: 1}}")
    with pytest.raises(RecipeError, match=r"no `three_d_view` exists for modality image"):
        create_writer(load_recipe(path))


def test_more_scene_attributes_than_kinds_are_refused(write_recipe):
    path = write_recipe("structure: {complexity: 3}\ncontent: {scene_attributes: {kinds: [weather], count: [1, 2]}}")
    with pytest.raises(RecipeError, match=r"at most 1 scene attributes can stand together"):
        create_writer(load_recipe(path))


def test_more_objects_may_share_a_name_than_there_are_ordinals(write_rows):
    """13 dogs: counted in words or digits, but never wrong."""
    overrides = (
        "structure={complexity: 15, objects: 15, attributes: 0, relations: 0, components: 15}",
        "content.objects={under: [dog.n.01], top: 1}",
        "questions=[count]",
    )
    question = write_rows("multi_object", overrides, 1)[0]["questions"][0]
    assert question["answer"] in ("fifteen", "15")
