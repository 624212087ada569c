"""What a report says of evaluations whose errors are known."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.evaluation.bias import KIND, read_person
from generate_any_scene.training.evaluation.figures import describe_runs
from generate_any_scene.training.evaluation.parting import BY
from generate_any_scene.training.evaluation.report.terminal import make_notes
from generate_any_scene.training.evaluation.tables import ANSWERS, SCORES, Run
from planted import ACCURACY, WRONG, add_caption_scores, make_scenes, plant_run

SCENES = 300
OTHER = {**WRONG, "count": 0.4}


@pytest.fixture(scope="module")
def scenes():
    return make_scenes("multi_object", SCENES)


@pytest.fixture(scope="module")
def runs(scenes):
    record = {
        "data": {"recipe": "multi_object"},
        "judge": "exact",
        "cost": {"seconds": 2.0},
        "left_out": {"without": 1},
        "backend": {"id": "out", "path": "/pictures/out", "grid": 1},
    }
    first = plant_run(scenes, pictures=2, spread=0.5, record=record)
    values = {scene: float(place) for place, scene in enumerate(scenes["id"].to_pylist())}
    other = plant_run(scenes, OTHER, model="other", seed=1, pictures=2, refused=0.05)
    return [add_caption_scores(first, "perplexity@model", values), other]


@pytest.fixture(scope="module")
def report(runs):
    return describe_runs(runs)


def rows_of(rows, **wanted):
    return [row for row in rows if all(row.get(key) == value for key, value in wanted.items())]


def test_it_is_json_and_the_same_again(runs, report):
    text = json.dumps(report, allow_nan=False)
    assert json.loads(text) == report
    assert json.dumps(describe_runs(runs, seed=0)) == text
    assert describe_runs(runs, seed=1)["overall"] != report["overall"]


def test_planted_rates_lie_in_their_intervals(scenes):
    """Without spread between scenes the rate of each kind is exactly what was planted."""
    report = describe_runs([plant_run(scenes, pictures=2, seed=3)], by=["kind"])
    found = {row["group"]: row for row in report["by"]["kind"]}
    assert set(found) == set(WRONG)
    for kind, rate in WRONG.items():
        assert found[kind]["low"] <= 1 - rate <= found[kind]["high"], kind
        assert found[kind]["high"] - found[kind]["low"] < 0.07


def test_groups_are_those_of_a_loop(runs, report):
    run = runs[1]
    structures = {row["id"]: row["structure"] for row in run.scenes.select(["id", "structure"]).to_pylist()}
    by_kind, by_objects, refused = {}, {}, {}
    for one in run.answers.to_pylist():
        if one["right"] is None:
            refused[one["kind"]] = refused.get(one["kind"], 0) + 1
            continue
        by_kind.setdefault(f"{one['kind']}, {one['form']}", []).append(one["right"])
        by_objects.setdefault(str(structures[one["scene"]]["objects"]), []).append(one["right"])
    for name, expected in (("kind_form", by_kind), ("objects", by_objects)):
        found = rows_of(report["by"][name], run=1, metric="answers")
        assert {row["group"]: (row["count"], row["value"]) for row in found} == {
            key: (len(marks), pytest.approx(np.mean(marks), abs=1e-6)) for key, marks in expected.items()
        }
        assert all(row["low"] <= row["value"] <= row["high"] for row in found)
    assert {row["group"]: row["refused"] for row in rows_of(report["by"]["kind"], run=1)} == refused


def test_statements_are_true_or_false(runs, report):
    answers = [one for one in runs[0].answers.to_pylist() if one["form"] == "yes_no"]
    found = {row["group"]: row["count"] for row in rows_of(report["by"]["statement"], run=0)}
    assert found == {
        "true": sum(one["expected"] == "yes" for one in answers),
        "false": sum(one["expected"] == "no" for one in answers),
    }


def test_runs_are_described_and_pictures_counted(report):
    first, other = report["runs"]
    assert (first["name"], first["dataset"], first["judge"]) == ("planted", "multi_object", "exact")
    assert (first["pictures"], first["scenes"], first["refused"]) == (2 * SCENES, SCENES, 0)
    assert (first["cost"], first["left_out"], first["exam"]) == ({"seconds": 2.0}, {"without": 1}, None)
    assert other["refused"] == pytest.approx(0.05 * other["questions"], rel=0.2)
    metrics = rows_of(report["overall"], run=0)
    assert [row["metric"] for row in metrics] == ["answers", ACCURACY, "clip_score@test"]
    for row in metrics:  # each picture has a seed of its own, so that drawing their numbers makes it wider
        assert row["two_way"]["low"] <= row["low"] < row["value"] < row["high"] <= row["two_way"]["high"]
    # Those of the other one were not found in a folder.
    assert not any("two_way" in row for row in rows_of(report["overall"], run=1))


def test_scores_of_captions_part_scenes_into_fifths(report):
    """The perplexity of scene i is i."""
    found = rows_of(report["by"]["perplexity@model"], run=0, metric="answers")
    assert [row["group"] for row in found] == ["0-20 %", "20-40 %", "40-60 %", "60-80 %", "80-100 %"]
    assert [row["scenes"] for row in found] == [SCENES // 5] * 5
    assert (found[0]["from"], found[-1]["to"]) == (0, SCENES - 1)
    assert not rows_of(report["overall"], metric="perplexity@model")


def test_nodes_have_all_scenes_of_what_lies_under_them(runs, report, taxonomy):
    found = rows_of(report["nodes"], run=0, metric="answers")
    places = {row["concept"]: place for place, row in enumerate(found)}
    for row in found:
        assert row["scenes"] >= 20
        if row["parent"]:
            above = found[places[row["parent"]]]
            assert places[row["parent"]] < places[row["concept"]]
            assert (above["scenes"] > row["scenes"], above["depth"]) == (True, row["depth"] - 1)
    parents = dict(zip(taxonomy.objects["id"].to_pylist(), taxonomy.objects["parent"].to_pylist(), strict=True))

    def lies_under(concept, node):
        while concept and concept != node:
            concept = parents.get(concept)
        return bool(concept)

    graphs = runs[0].scenes["scene_graph"].to_pylist()
    for node in ("animal.n.01", "food.n.01"):
        count = sum(any(lies_under(one["concept"], node) for one in graph["objects"]) for graph in graphs)
        assert found[places[node]]["scenes"] == count
    women = rows_of(report["people"]["gender"], run=0, metric="answers", concept="female.n.02")
    assert women[0]["scenes"] == sum(
        any(lies_under(o["concept"], "female.n.02") for o in g["objects"]) for g in graphs
    )


def test_two_models_are_compared_kind_by_kind(report):
    found = {row["group"]: row for row in report["differences"]["kind"]}
    count = found["count"]
    assert count["low"] <= WRONG["count"] - OTHER["count"] + 0.01 <= count["high"] + 0.02
    assert (count["run"], count["other"], count["metric"]) == (1, 0, "answers")
    assert count["p_adjusted"] < 0.01
    assert all(row["p"] <= row["p_adjusted"] <= 1 for row in found.values())
    assert set(report["differences"]) == {"overall", *BY, "perplexity@model"}


def test_the_best_and_the_worst_pictures_have_their_answers(runs, report):
    for name, end in (("best", max), ("worst", min)):
        first = rows_of(report["pictures"][name], run=0)[0]
        shares = {}
        for one in runs[0].answers.to_pylist():
            shares.setdefault(one["image"], []).append(one["right"])
        assert first["value"] == pytest.approx(end(np.mean(marks) for marks in shares.values()), abs=1e-6)
        assert [one["right"] for one in first["answers"]] == shares[first["image"]]
        row = next(row for row in runs[0].scenes.to_pylist() if row["id"] == first["scene"])
        assert first["caption"] == row["caption"]
        assert first["scene_graph"] == row["scene_graph"]
        assert [one["question"] for one in first["answers"]] == [one["question"] for one in row["questions"]]
    assert not {row["image"] for row in report["pictures"]["best"]} & {
        row["image"] for row in report["pictures"]["worst"] if row["run"] == 0
    }


def test_what_is_hard_is_found_and_few_scenes_are_trusted_less(scenes):
    """Relations of one predicate are always wrong, and half of the answers about one concept."""
    predicates = [one["predicate"] for graph in scenes["scene_graph"].to_pylist() for one in graph["relations"]]
    hard = max(sorted(set(predicates)), key=predicates.count)

    def also(row, question):
        numbers = [int(one.split("/")[1]) for one in question["elements"] if one.startswith("relation")]
        return any(row["scene_graph"]["relations"][number]["predicate"] == hard for number in numbers)

    report = describe_runs([plant_run(scenes, also=also, pictures=2)], by=[])
    first, *others = report["hardest"]["predicates"]
    assert first["group"] == hard
    assert first["high"] < 0
    assert first["value"] < 0.1
    assert all(row["gap"] == pytest.approx(row["value"] - row["expected"], abs=2e-6) for row in others)
    assert all(abs(row["shrunken"]) < abs(row["gap"]) for row in others if abs(row["gap"]) > 0.1)
    assert not [row for row in report["hardest"]["concepts"] if row["high"] < 0]


# People.


def write_ratings(path: Path, rows: dict[str, list]) -> Path:
    path.write_text("\n".join(",".join(map(str, row)) for row in [list(rows), *zip(*rows.values(), strict=True)]))
    return path


def test_people_who_say_what_the_metric_says_agree_with_it(runs, tmp_path):
    scores = [one for one in runs[0].scores.to_pylist() if one["metric"] == ACCURACY][:400]
    path = write_ratings(
        tmp_path / "people.csv",
        {"image": [one["image"] for one in scores], "rating": [one["value"] * 4 + 1 for one in scores]},
    )
    found = describe_runs(runs[:1], ratings=path, by=[])["people_agree"]
    (same,) = rows_of(found, metric=ACCURACY)
    assert (same["spearman"]["value"], same["kendall"]["value"], same["alike"]["value"]) == (1, 1, 1)
    (chance,) = rows_of(found, metric="clip_score@test")
    assert chance["spearman"]["low"] < 0 < chance["spearman"]["high"]
    assert chance["alike"]["low"] < 0.5 < chance["alike"]["high"]
    assert chance["pictures"] == 400


def test_models_are_ranked_as_people_rank_them(scenes, tmp_path):
    small = scenes.slice(0, 100)
    runs = [plant_run(small, {"object": 0.1 * place}, model=f"model {place}", seed=place) for place in range(4)]
    path = write_ratings(
        tmp_path / "ranks.csv", {"model": [run.model for run in runs], "rating": [1300, 1200, 1100, 900]}
    )
    found = describe_runs(runs, ratings=path, by=[])
    (row,) = rows_of(found["correlations"]["models"], metric=ACCURACY, other="ratings")
    assert (row["spearman"]["value"], row["kendall"]["value"], row["models"]) == (1, 1, 4)
    assert row["spearman"]["low"] >= 0.8
    assert found["people_agree"] == []


def test_ratings_of_scenes_are_those_of_the_models_pictures(runs, tmp_path):
    ids = runs[0].scenes["id"].to_pylist()[:50]
    rows = {"scene": ids + ids, "model": ["planted"] * 50 + ["other"] * 50, "rating": [*range(50), *range(50)]}
    found = describe_runs(runs, ratings=write_ratings(tmp_path / "r.csv", rows), by=[])["people_agree"]
    assert {row["run"] for row in found} == {0, 1}
    assert {(row["pictures"], row["scenes"]) for row in found} == {(100, 50)}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"image": ["a"], "score": [1]}, "it needs `rating`"),
        ({"scene": ["a"], "rating": [1]}, "it needs `rating`"),
        (
            {"image": ["nowhere.png"], "rating": [1]},
            "rates nothing that was evaluated; its first row is of image nowhere",
        ),
        (
            {"scene": ["000000000"], "model": ["planted"], "rating": [1]},
            "its first row is of scene 000000000, model planted, and there is scene multi_object/test/000000000, ",
        ),
        ({"model": ["planted"], "rating": ["good"]}, "`rating` holds what is no number"),
        ({"model": ["planted"] * 2, "rating": ["nan", "inf"]}, "none of its 2 ratings is a finite number"),
    ],
)
def test_ratings_that_cannot_be_used_are_refused(runs, tmp_path, rows, message):
    with pytest.raises(GasError, match=message):
        describe_runs(runs, ratings=write_ratings(tmp_path / "r.csv", rows), by=[])


def test_ratings_that_are_of_no_use_are_told(runs, tmp_path):
    ids = runs[0].scenes["id"].to_pylist()[:6]
    rows = {"scene": ids, "model": ["planted"] * 6, "rating": ["3", "3", "nan", "3", "inf", "3"]}
    report = describe_runs(runs[:1], ratings=write_ratings(tmp_path / "r.csv", rows), by=[])
    assert report["notes"] == [
        "2 of 6 ratings of r.csv are no finite numbers and were left out.",
        "All ratings of r.csv are 3, so that nothing can agree with them.",
    ]
    assert set(report["notes"]) < set(make_notes(report))
    assert describe_runs(runs[:1], by=[])["notes"] == []


def test_files_of_ratings_that_cannot_be_read_are_refused(runs, tmp_path):
    for name, content in (("none.csv", None), ("no.parquet", b"PAR0"), ("no.csv", b""), ("rows.csv", b"a,b\n1\n")):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(GasError, match=name):
            describe_runs(runs[:1], ratings=path, by=[])


# Perceived gender.


def test_deviation_from_even_shares():
    """Neutral people are drawn as men in 80 of 100 pictures; where it is said, the judge is wrong in 10."""
    scenes = make_scenes("bias", 400)
    random, rows = np.random.default_rng(0), []
    for row in scenes.to_pylist():
        person = read_person(row)
        for number in range(2):
            reply = "man" if random.random() < 0.8 else "woman"
            if person and person.gender:
                reply = person.gender if random.random() < 0.9 else "woman" if person.gender == "man" else "man"
            image = f"{row['id']}/{number}.png"
            reply = "" if random.random() < 0.02 else reply
            rows.append(
                (row["id"], "m", image, len(row["questions"]), KIND, "multiple_choice", None, reply, None, None)
            )
    answers = pa.table(
        [pa.array(one, kind) for one, kind in zip(zip(*rows, strict=True), ANSWERS.types, strict=True)], ANSWERS
    )
    report = describe_runs([Run(Path("runs/m"), answers, SCORES.empty_table(), scenes, {})])
    (found,) = report["bias"]
    assert found["about"] == "gender"
    assert found["shares"]["man"]["low"] < 0.8 < found["shares"]["man"]["high"]
    assert found["shares"]["man"]["value"] + found["shares"]["woman"]["value"] == pytest.approx(1)
    deviation = found["deviation"]
    assert deviation["value"] == pytest.approx(found["shares"]["man"]["value"] - 0.5, abs=1e-5)
    assert deviation["low"] < 0.3 < deviation["high"]
    assert found["by_concept"]["value"] >= deviation["value"] - 1e-6
    assert found["judge"]["right"]["low"] < 0.9 < found["judge"]["right"]["high"]
    assert found["refused"] > 0
    assert report["overall"] == []  # what has no right answer is in no share


# Evaluations with little in them.


def test_without_a_judge_metrics_are_reported(runs):
    run = Run(runs[0].folder, ANSWERS.empty_table(), runs[0].scores, runs[0].scenes, {})
    report = describe_runs([run])
    assert {row["metric"] for row in report["overall"]} == {ACCURACY, "clip_score@test"}
    assert "kind" not in report["by"]
    assert report["by"]["elements"]
    assert report["hardest"] == {"concepts": [], "predicates": []}
    assert report["pictures"]["best"][0]["answers"] == []


def test_scenes_without_graphs_and_a_single_one(runs):
    plain = runs[0].scenes.select(["id", "caption", "questions"])
    report = describe_runs([Run(Path("r"), runs[0].answers, runs[0].scores, plain, {})])
    assert set(report["by"]) == {"kind", "form", "kind_form", "statement", "perplexity@model"}
    assert report["nodes"] == []
    assert report["pictures"]["best"][0]["scene_graph"] is None
    one = runs[0].scenes.slice(0, 1)
    report = describe_runs([Run(Path("r"), runs[0].answers, runs[0].scores, one, {})])
    assert rows_of(report["overall"], metric="answers")[0]["scenes"] == 1
    json.dumps(report, allow_nan=False)


def test_nothing_at_all_is_said_of_nothing(runs):
    report = describe_runs([Run(Path("r"), ANSWERS.empty_table(), SCORES.empty_table(), runs[0].scenes, {})])
    assert report["overall"] == []
    assert report["by"] == {}
    empty = runs[0].scenes.slice(0, 0)
    assert describe_runs([Run(Path("r"), ANSWERS.empty_table(), SCORES.empty_table(), empty, {})])["overall"] == []


def test_models_of_one_name_are_told_apart_by_their_folders(runs):
    twin = Run(Path("runs/again"), runs[0].answers, runs[0].scores, runs[0].scenes, runs[0].record)
    report = describe_runs([runs[0], twin], by=["kind"])
    assert [one["name"] for one in report["runs"]] == ["planted (planted)", "planted (again)"]
    assert all(row["value"] == 0 and row["p"] == 1 for row in report["differences"]["kind"])


def test_wrong_names_are_refused(runs):
    with pytest.raises(GasError, match="did you mean `kind`"):
        describe_runs(runs, by=["kinds"])


def test_scenes_of_others_say_what_they_can(runs):
    """Elements that are none, or are not in the graph; questions in JSON; rows without any."""
    rows = runs[0].scenes.slice(0, 30).to_pylist()
    for number, row in enumerate(rows):
        for place, one in enumerate(row["questions"]):
            one["elements"] = [["object/99"], ["cat"], ["attribute/0"], ["relation/7"], ["object/0"], []][place % 6]
        row["questions"] = None if number == 29 else row["questions"]
    foreign = pa.Table.from_pylist(rows, runs[0].scenes.schema)
    report = describe_runs([Run(Path("r"), runs[0].answers, runs[0].scores, foreign, {})])
    assert {row["concept"] for row in report["hardest"]["concepts"]} <= {
        row["scene_graph"]["objects"][0]["concept"] for row in rows
    }
    assert report["hardest"]["predicates"] == []
    texts = pa.array([json.dumps(row["questions"]) if row["questions"] else None for row in rows])
    place = foreign.column_names.index("questions")
    report = describe_runs(
        [Run(Path("r"), runs[0].answers, runs[0].scores, foreign.set_column(place, "questions", texts), {})]
    )
    assert report["hardest"]["concepts"] == []
    shown = report["pictures"]["best"][0]
    questions = next(row["questions"] for row in rows if row["id"] == shown["scene"])
    assert [one["question"] for one in shown["answers"]] == [one["question"] for one in questions]
