"""What a picture shows because it shows something else: nothing of it is ever asked as absent, or counted."""

import re
from collections import Counter

import numpy as np
import pytest
from generate_any_scene.builders.foils import kinship
from generate_any_scene.builders.foils.kinship import find_kinship, list_possible
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.taxonomy import mark_under
from question_oracle import Oracle

# Names whose last word does not say what they are.
IDIOMS = """
guinea pig; hot dog; corn dog; sea lion; boom box; cable car; piggy bank; baseball diamond; flower bed; football fan;
rock star; jungle gym; roller coaster; rubber band; fanny pack; German shepherd; license plate; satellite dish;
candy cane; gummy bear; key ring; peanut butter; garbage man; cotton candy
"""
WHOLES = {
    "car": "wheel; headlight; tire; license plate; steering wheel",
    "limousine": "wheel; tire",
    "truck": "wheel; tire; headlight",
    "bicycle": "wheel; bicycle wheel; tire",
    "airplane": "propeller; wheel",
    "sailboat": "anchor; rope",
    "train": "locomotive; railroad track",
    "house": "door; window; wall; staircase; lamp; bed",
    "castle": "tower; gate; wall; turret; drawbridge",
    "church": "bell; steeple; stained-glass window",
    "kitchen": "sink; stove; refrigerator; table; knife; plate",
    "bathroom": "sink; toilet; bathtub; mirror; towel",
    "bedroom": "bed; pillow; blanket; lamp",
    "classroom": "desk; chalkboard; chair; book",
    "queen": "crown; necklace; ring; dress",
    "cowboy": "hat; cowboy hat; horse; rope; boot",
    "jockey": "horse; saddle; helmet",
    "firefighter": "helmet; ax; hose",
    "bride": "bouquet; veil; wedding dress",
    "chef": "hat; knife; apron; pan",
    "man": "shirt; shoe; sock; button; pants; suit; watch",
    "nurse": "uniform; stethoscope; shoe",
    "tree": "leaf; twig; wood",
    "rose": "leaf; rosebud",
    "forest": "tree; grass; leaf",
    "beach": "sand; seashell; umbrella; sea",
    "mountain": "snow; rock; cliff",
    "hamburger": "lettuce; tomato; cheese; bun; onion",
    "pizza": "cheese; tomato; mushroom",
    "salad": "lettuce; tomato; cucumber",
    "computer": "keyboard; computer mouse; computer monitor",
    "bed": "pillow; mattress; blanket",
    "Christmas tree": "star; candle; string of lights",
    "dog walker": "dog; leash; poodle",
    "flock of sheep": "sheep; lamb",
    "bowl of soup": "soup; bowl",
    "orchestra": "violin; cello; chair",
    "zoo": "elephant; lion; cage",
    "storm cloud": "lightning; sky",
    "stuffed animal": "rabbit; lamb; spaniel; elephant; penguin",
    "pinata": "donkey; star; candy",
    "carousel": "horse; zebra; lion",
}
ALIKE = """
moon, full moon; sea, ocean; cloud, rain cloud; cloud, storm cloud; castle, fortress; wine glass, goblet;
hat, cap; rabbit, hare; crow, raven; alligator, crocodile; sofa, love seat; mug, coffee cup; trash can, wastebasket;
frog, tree frog; chef, cook; police officer, security guard; man, firefighter; woman, nurse; road, street;
stairs, staircase; violin, cello; pumpkin, jack-o'-lantern; boat, ship; truck, pickup; surgeon, doctor
"""
APART = """
dog, cat; car, airplane; apple, banana; chair, bed; guitar, trumpet; lion, elephant; shirt, shoe; chef, astronaut;
knife, teapot; oak, sunflower; penguin, flamingo; pizza, donut; spider, horse; umbrella, clock; piano, drum;
fishing net, screw
"""


@pytest.fixture(scope="module")
def plan(open_writer):
    return open_writer("general").plan


@pytest.fixture(scope="module")
def rows(plan):
    return {
        row["name"]: number for number, row in enumerate(plan.taxonomy.objects.to_pylist()) if row["tier"] == "common"
    }


@pytest.fixture(scope="module")
def table(plan, rows):
    """Which everyday names (row) show others (column): all pairs."""
    every = np.array(list(rows.values()))
    shows = find_kinship(plan)
    return shows(np.repeat(every, len(every)), np.tile(every, len(every))).reshape(len(every), -1)


@pytest.fixture(scope="module")
def shows(table, rows):
    """Whether one everyday thing shows another one, by name."""
    place = {name: number for number, name in enumerate(rows)}
    return lambda one, other: bool(table[place[one], place[other]])


def test_the_last_noun_of_a_name_is_shown(plan, rows, table):
    visible = set(list_possible(plan).tolist())
    names = {name.lower(): number for number, name in enumerate(rows)}
    idioms = {name.strip() for name in IDIOMS.replace("\n", " ").split(";")}
    every, found = list(rows.values()), 0
    for place, (name, row) in enumerate(rows.items()):
        words = name.lower().split()
        heads = [" ".join(words[i:]) for i in range(1, len(words))]
        head = next((head for head in heads if head in names and every[names[head]] in visible), None)
        if name not in idioms and head and " of " not in name and row in visible:
            assert table[place, names[head]] and table[names[head], place], (name, head)
            found += 1
    assert found > 300


def test_no_everyday_name_is_there_in_two_spellings(rows):
    count = Counter(re.sub("[^a-z0-9]", "", name.lower()) for name in rows)
    assert [name for name, number in count.items() if number > 1] == []


@pytest.mark.parametrize("whole", WHOLES)
def test_wholes_show_their_parts(whole, shows, plan, rows):
    visible = set(list_possible(plan).tolist())
    parts = [part.strip() for part in WHOLES[whole].split(";")]
    asked = [part for part in parts if rows.get(part) in visible]
    assert asked
    assert [part for part in asked if not shows(whole, part)] == []


def pair(text):
    return [tuple(name.strip() for name in one.split(",")) for one in text.replace("\n", " ").split(";")]


@pytest.mark.parametrize(("one", "other"), pair(ALIKE))
def test_what_is_near_is_so_both_ways(one, other, shows):
    assert shows(one, other) and shows(other, one)


@pytest.mark.parametrize(("one", "other"), pair(APART))
def test_what_everybody_tells_apart_can_be_asked(one, other, shows):
    assert not shows(one, other) and not shows(other, one)


def test_clothes_show_nobody(shows):
    assert shows("astronaut", "boot") and not shows("boot", "astronaut")


def test_most_pairs_are_left_to_ask(table):
    assert table.mean() < 0.15


def test_near_names_of_the_table_show_each_other(plan, rows, table):
    objects, places = plan.taxonomy.objects.to_pylist(), {row: place for place, row in enumerate(rows.values())}
    ids = {row["id"]: number for number, row in enumerate(objects)}
    possible = set(list_possible(plan).tolist())
    found = 0
    for row, place in places.items():
        for other in filter(None, objects[row]["near"].split("|")):
            if {row, ids[other]} <= possible and ids[other] in places:
                assert table[place, places[ids[other]]] and table[places[ids[other]], place]
                found += 1
    assert found > 5_000


@pytest.fixture
def open_own(tmp_path):
    """The plan of a recipe with these objects of one's own, by name, under parents that say nothing of their names."""

    def open_plan(names, shipped=(), lines=()):
        rows = [f"own{number}.x.01\t{name}\tdecoration.n.01\tartifact" for number, name in enumerate(names)]
        (tmp_path / "own").mkdir()
        (tmp_path / "own/objects.tsv").write_text("\n".join(["id\tname\tparent\tkinds", *rows, *lines]) + "\n")
        under = [*(row.partition("\t")[0] for row in (*rows, *lines)), *shipped]
        text = "extends: multi_object\nname: mine\ntaxonomy: [default, ./own]\n"
        (tmp_path / "mine.yaml").write_text(f"{text}content: {{objects: {{under: [{', '.join(under)}]}}}}\n")
        return create_writer(load_recipe(tmp_path / "mine.yaml")).plan

    return open_plan


MODIFIERS = ("garden", "turbo", "Éclair", "X-ray", "old oak")
HEADS = ("gnome", "Widget", "stapler gun", "cabinet", "dog")
SHIPPED = {"cabinet": "cabinet.n.01", "dog": "dog.n.01", "guinea pig": "guinea_pig.n.02", "pig": "hog.n.03"}


@pytest.mark.parametrize("most", [0, 10**6])
def test_what_ends_a_name_of_a_users_table_is_shown(most, open_own, monkeypatch):
    """All pairs of drawn names, of the table or shipped."""
    names = [*HEADS[:3], *(f"{one} {head}" for one in MODIFIERS for head in HEADS), "gnome with a Widget"]
    # What lies under a garden gnome is one, whatever it is called.
    fred = f"fred.x.01\tFred\town{names.index('garden gnome')}.x.01\tartifact"
    plan = open_own(names, SHIPPED.values(), [fred])
    ids = {f"own{number}.x.01": name for number, name in enumerate(names)}
    ids |= {id_: name for name, id_ in SHIPPED.items()} | {"fred.x.01": "garden gnome"}
    rows = np.array([plan.taxonomy.rows_of_ids[id_] for id_ in ids])
    monkeypatch.setattr(kinship, "MOST_TABULATED", most)
    kinship.tabulate_kinship.cache_clear()
    shows = kinship.find_kinship.__wrapped__(plan)(np.repeat(rows, len(rows)), np.tile(rows, len(rows)))
    kinship.tabulate_kinship.cache_clear()
    for one, row in zip(ids.values(), shows.reshape(len(rows), -1), strict=True):
        for other, shown in zip(ids.values(), row, strict=True):
            short, long = sorted((one, other), key=len)
            ends = long.endswith(f" {short}") or long.startswith(f"{short} with ")
            assert shown == (one == other or (ends and long in names)), (one, other)


@pytest.mark.parametrize("tier", ["common", "full"])
def test_large_tiers_obey_the_same_rule(tier, open_writer, monkeypatch):
    plan = open_writer("multi_object", f"content.objects.tier={tier}").plan
    possible = list_possible(plan)
    draw = np.random.default_rng(5)
    common = possible if tier == "common" else possible[draw.integers(0, len(possible), 4_000)]
    one, other = (common[draw.integers(0, len(common), 200_000)] for _ in range(2))
    find = kinship.find_kinship.__wrapped__
    monkeypatch.setattr(kinship, "MOST_TABULATED", 0)
    kinship.tabulate_kinship.cache_clear()
    by_links = find(plan)(one, other)
    monkeypatch.setattr(kinship, "MOST_TABULATED", 10**6)
    monkeypatch.setattr(kinship, "list_possible", lambda _: np.unique(common))
    kinship.tabulate_kinship.cache_clear()
    by_table = find(plan)(one, other)
    kinship.tabulate_kinship.cache_clear()
    assert by_links.any() and not by_links.all()
    assert (by_links == by_table).all()


def test_kinship_is_what_the_tables_say(plan):
    """The oracle reads the same columns with nothing but sets of names."""
    oracle, ids = Oracle(plan.taxonomy), plan.taxonomy.objects["id"].to_pylist()
    possible, draw = list_possible(plan), np.random.default_rng(7)
    one, other = (possible[draw.integers(0, len(possible), 30_000)] for _ in range(2))
    shown = [oracle.shows(ids[some], ids[another]) for some, another in zip(one, other, strict=True)]
    assert sum(shown) > 500
    assert find_kinship(plan)(one, other).tolist() == shown


def test_foils_come_from_what_the_filters_allow(write_rows, plan):
    """`under` and `top` may be too narrow for foils; what a recipe excludes is never named."""
    objects = ("under=[dog.n.01]", "top=3", "exclude=[vehicle.n.01]", "min_frequency=3.0")
    rows = write_rows("multi_object", tuple(f"content.objects.{one}" for one in objects), 300)
    taxonomy = plan.taxonomy
    excluded = mark_under(taxonomy, ["vehicle.n.01"])
    allowed = {}
    for number, row in enumerate(taxonomy.objects.to_pylist()):
        if row["tier"] == "common":
            allowed[row["name"]] = row["visible"] == "yes" and row["frequency"] >= 3 and not excluded[number]
    asked = [question for row in rows for question in row["questions"] if question["kind"] in ("object", "count")]
    named = {name for question in asked for name in (question["foil"], *question["choices"]) if name}
    assert len(named) > 100
    assert [name for name in named if not allowed[name]] == []
