"""What the taxonomy's tables look like: their columns, their closed vocabularies, the kinds of objects."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

HEDGES: tuple[str, ...] = ("almost", "half", "halfway", "nearly", "not quite", "partly")
"""Modifiers of relations that take their head half back: what a head excludes may be true with one of these."""

KIND_MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "person": "people, by role, age or appearance",
        "animal": "living animals, real and extinct",
        "plant": "plants, fungi, and their parts (leaf, flower, branch)",
        "food": "what is eaten or drunk: dishes, fruit, vegetables, drinks",
        "body_part": "parts of a human or animal body",
        "building": "constructions with a roof and walls that one can enter (house, church, castle)",
        "structure": "constructions that are not buildings: bridges, towers, fences, walls, stairs",
        "room": "rooms and other spaces inside a building",
        "vehicle": "what carries people or goods: cars, boats, aircraft, carts",
        "container": "what holds something else: bottles, boxes, bags, bowls",
        "clothing": "garments, footwear, headgear",
        "furniture": "tables, chairs, beds, cabinets, lamps that furnish a room",
        "device": "tools, machines, electronics, instruments, implements",
        "musical_instrument": "what one plays music on",
        "weapon": "weapons",
        "toy": "toys and playthings",
        "artwork": "paintings, sculptures, drawings and other works of art",
        "fabric": "textiles and what is just a piece of them",
        "artifact": "man-made things that are not built; what is of a man-made kind above is an artifact too",
        "landform": "mountains, beaches, islands and other shapes of the land; parks, streets and other grounds",
        "water": "seas, lakes, rivers and other bodies of water",
        "sky": "clouds, celestial bodies and what else is seen in the sky",
        "natural": "stones, shells, nests and other natural objects",
        "group": "several beings or things seen as one: crowd, herd, forest",
        "substance": "stuff without a shape of its own: snow, sand, smoke, fire",
        "thing": "none of the others",
        "mammal": "animals that stand, sit and lie on four legs (dogs, mice); of the kind `animal`, too",
        "solid_food": "food that keeps its shape (apples, pizza); of the kind `food`, too",
        "land_vehicle": "vehicles that stand on the ground (cars, trains); of the kind `vehicle`, too",
        "ground": "land that one is on: hills, beaches, roads; of the kind `landform`, too",
        "area": "land that one is in: gardens, valleys, forests; of the kind `landform`, too",
    }
)
"""Every kind of object with what it holds. The order is part of the format: it gives the bits of `kind_bits`."""

KINDS: tuple[str, ...] = tuple(KIND_MEANINGS)

ATTRIBUTE_KINDS: tuple[str, ...] = (
    "color",
    "material",
    "texture",
    "architecture",
    "state",
    "shape",
    "size",
    "human",
    "adjective",
)
IDENTITY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "objects": ("id",),
        "attributes": ("kind", "name"),
        "relations": ("category", "predicate"),
        "scene_attributes": ("kind", "name"),
    }
)
"""The tables of concepts, and the columns that say which concept a row of a dataset means."""
TABLES: tuple[str, ...] = tuple(IDENTITY)

VISIBILITY: tuple[str, ...] = ("yes", "hard", "no")
"""How well a concept is seen: by anybody in any picture of it; by some, or with doubt; by nobody."""

SIZES: tuple[str, ...] = ("tiny", "small", "medium", "large", "huge")
"""How large objects are: as a coin, as an apple, as a cat, as a person, as a car or larger."""

FACTS: tuple[str, ...] = (
    *("left", "right", "above", "below", "front", "behind"),
    *("bigger", "smaller", "taller", "shorter", "wider", "narrower"),
    *("in", "contains", "on", "bears"),
    *("stands", "sits", "lies", "kneels", "crouches", "goes", "stays"),
    *("sleeps", "looks", "moves", "pictures", "pictured", "held", "glad", "upset", "one"),
)
"""What relations say of their subject (and object), and attributes of their object, that must be possible together.

`goes` is said of what changes its place (running past) and `stays` of what cannot meanwhile (leaning on); `moves` of
whatever a video shows to move (running past, eating), and `looks` of what has its eyes on something. `held` is what
hangs, is worn or carried; a face is `glad` or `upset`. `one` says that a picture shows a single object to which the
subject stands in this relation, so that one may ask openly what it is. `pictures` says that the object is seen in an
image of it alone, on the subject, and `pictured` the same of the subject.
"""

SCENE_ATTRIBUTE_KINDS: tuple[str, ...] = (
    "location",
    "weather",
    "time_of_day",
    "lighting",
    "genre",
    "painting_style",
    "artist",
    "technique",
    "three_d_style",
    "three_d_lighting",
    "shot_size",
    "view",
    "three_d_view",
    "camera_model",
    "focal_length",
    "aperture",
    "iso",
    "depth_of_field",
    "camera_rig",
    "camera_movement",
    "editing_style",
    "time_span",
)
"""The shipped kinds of scene attributes, in the order in which a text names them; a user's own kinds come after."""
TABLE_ROLES: tuple[str, ...] = ("setting", "light", "picture")
"""What a scene attribute tells, as a table says it: where and when it is, how it is lit, how it is shown."""
SENTENCE = "sentence"
SCENE_ROLES: tuple[str, ...] = (*TABLE_ROLES, SENTENCE)
"""The same in the order of texts; last what a sentence of its own says, which a declared kind may have."""
RELATION_CATEGORIES: tuple[str, ...] = ("spatial", "functional", "interactional", "social", "emotional", "symbolic")
FLAG_MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "invisible": "what no picture shows: microbes, regions, ideas",
        "offensive": "slurs, insults and sexual words; no recipe ever deals them",
        "demonym": "peoples, inhabitants and believers",
        "sensitive": "sex, drugs, war, crime and illness: what nobody wants to meet without asking for it",
        "brand": "trade names",
        "merged": "a further sense of a word under the same parent: the first one stands for it, except where the "
        "paper's rules are followed to the letter",
    }
)
"""Every flag of an object with what it means. A flagged object is in the tier `full`."""

FLAGS: tuple[str, ...] = tuple(FLAG_MEANINGS)

COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "objects": (
            "id",
            "offset",
            "name",
            "parent",
            "kinds",
            "size",
            "countability",
            "plural",
            "article",
            "tier",
            "flags",
            "visible",
            "part_of",
            "near",
            "paper_name",
        ),
        "attributes": (
            "id",
            "kind",
            "name",
            "adjective",
            "article",
            "position",
            "applies_to",
            "group",
            "order",
            "tier",
            "visible",
            "says",
            "near",
            "excludes",
            "bars",
            "aliases",
        ),
        "relations": (
            "id",
            "category",
            "subtype",
            "predicate",
            "finite",
            "finite_plural",
            "subject_kinds",
            "object_kinds",
            "symmetric",
            "inverse",
            "head",
            "modifier",
            "tier",
            "visible",
            "says",
            "near",
            "excludes",
            "asymmetric",
        ),
        "scene_attributes": (
            "id",
            "kind",
            "name",
            "phrase",
            "role",
            "modality",
            "tier",
            "visible",
            "near",
            "excludes",
            "needs",
            "bars",
            "shows",
        ),
        "frequency": ("id", "zipf"),
    }
)
"""The columns of every table, in the order in which the files hold them.

`visible` says how well a concept is seen, a word of `VISIBILITY`. `size` of an object: the words of `SIZES` that fit
it, so that no sizes are compared of which everybody knows the answer; empty where nobody knows.

Some columns tell what may be true together, for statements that must be certainly false, or possible. They hold names
separated by `|`; what is near or excluded is so on both sides.

- `part_of` of an object: ids or kinds of objects that show it: a wheel is part of what lies under `vehicle.n.01`. Who
  sees a part may see what an id names, too; a kind says that such things may have it (a shirt, of any `person`).
- `near` of an object: ids of objects that people would call so, too (moon, full moon; wineglass, goblet). An object
  with nothing near it has what the next one above it has. Of what is near itself, nobody tells the kinds apart.
- `near` of an attribute: ids of attributes that may be said of what has this one, or that people would not tell apart
  from it (wide, broad; oak, wooden; tan, beige). `excludes`: ids of attributes, or groups of them, that are false of
  what has this one, but for those near it. `bars`: ids or kinds of objects, and of all that lies under them, of which
  it is never said (grassy, of a coral reef). `aliases`: other words for it that are as right (wood for maple).
- `near` of a scene attribute: ids of others of its kind that may hold of the same picture, or that people would not
  tell apart from it (drizzle, overcast weather; forest, mountain path), and of others that it makes likely (moonlight,
  at midnight). Between cameras and their numbers nothing is near: one of them is false of what has another.
  `excludes`: ids, or kinds, of others that no picture has along with it. `needs`: ids or kinds of objects of which the
  scene must have one. `bars`: the same of which it has none; ids or kinds of attributes of objects, too (a color, in
  black and white), and ids or heads of relations (casting a shadow on, in fog). `shows`: ids of objects that such a
  picture shows, or may well show (rain clouds, in rain). An id of an object means all that lies under it, too.
- `near` of a relation: heads (values of `head`) that may be true of the same subject and object, or that people would
  not tell apart from it. `excludes`: heads that never are. What one row of a head says holds for all rows with this
  head, and the shipped table says it once: the row that has no modifier, or else the first one. A row whose modifier
  is one of `HEDGES` excludes nothing.
- `says` of a relation or an attribute: words of `FACTS` that it makes true, of which not all are possible together.
- `asymmetric` of a relation: 1 when it never holds both ways round.
"""

CHOICES: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType(
    {
        ("objects", "countability"): ("count", "mass", "plural", "unique"),
        ("objects", "article"): ("a", "an", "some", "the"),
        ("objects", "tier"): ("common", "visible", "full"),
        **{(table, "visible"): VISIBILITY for table in IDENTITY},
        ("attributes", "kind"): ATTRIBUTE_KINDS,
        ("attributes", "article"): ("a", "an"),
        ("attributes", "position"): ("before", "after"),
        ("attributes", "tier"): ("common", "full"),
        ("relations", "category"): RELATION_CATEGORIES,
        ("relations", "symmetric"): ("0", "1"),
        ("relations", "tier"): ("common", "full"),
        ("relations", "asymmetric"): ("0", "1"),
        ("scene_attributes", "role"): TABLE_ROLES,
        ("scene_attributes", "tier"): ("common", "full"),
    }
)
"""Columns that hold one word of a closed list."""

LISTED = ("part_of", "near", "excludes", "needs", "bars", "shows", "aliases")

LIST_CHOICES: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType(
    {
        ("objects", "kinds"): KINDS,
        ("objects", "size"): SIZES,
        ("objects", "flags"): FLAGS,
        ("attributes", "applies_to"): (*KINDS, "any"),
        ("relations", "subject_kinds"): (*KINDS, "any"),
        ("relations", "object_kinds"): (*KINDS, "any"),
        ("attributes", "says"): FACTS,
        ("relations", "says"): FACTS,
        ("scene_attributes", "modality"): ("image", "video", "3d"),
    }
)
"""Columns that hold words of a closed list, separated by `|`."""

LISTS: frozenset[tuple[str, str]] = frozenset(
    {
        *LIST_CHOICES,
        *((table, column) for table in IDENTITY for column in COLUMNS[table] if column in LISTED),
    }
)
"""Columns that hold lists of any length, separated by `|`."""

FILLED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "objects": ("countability", "plural", "article"),
        "attributes": ("adjective", "article"),
        "scene_attributes": ("phrase",),
    }
)
"""Columns of which a table may leave single cells empty: they are filled as if the column were not there."""

MAY_BE_EMPTY: frozenset[tuple[str, str]] = frozenset(
    {
        *((table, column) for table, columns in FILLED.items() for column in columns),
        ("objects", "offset"),
        ("objects", "parent"),
        ("objects", "size"),
        ("objects", "flags"),
        ("objects", "part_of"),
        ("objects", "near"),
        ("objects", "paper_name"),
        ("relations", "finite"),
        ("relations", "finite_plural"),
        ("relations", "inverse"),
        ("relations", "modifier"),
        *(("attributes", column) for column in ("says", "near", "excludes", "bars", "aliases")),
        *(("relations", column) for column in ("says", "near", "excludes")),
        *(("scene_attributes", column) for column in ("near", "excludes", "needs", "bars", "shows")),
    }
)
