"""Decides whether a noun is counted, is a mass, or is plural only."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from .english import measure_zipf, open_inflect
from .sources import read_review, split_words

# Under these, a noun is taken for a mass unless its gloss begins like a count noun's or its plural is in everyday use.
MASS_ROOTS = split_words(
    """
    substance.n.01 substance.n.07 fabric.n.01 equipment.n.01 toiletry.n.01 building_material.n.01
    insulation.n.02 coating.n.01 food.n.01 food.n.02 sheet_metal.n.01 cordage.n.01 ammunition.n.01 weaponry.n.01
    explosive.n.01 cement.n.01 flooring.n.01 roofing.n.01 fur.n.01 leather.n.01 hair.n.01 vegetation.n.01
    pottery.n.01 glassware.n.01 tableware.n.01 bedding.n.01 trash.n.01 game_equipment.n.01 wire.n.01
    """
)
COUNT_ROOTS = split_words(
    """
    garment.n.01 headdress.n.01 towel.n.01 footwear.n.02 brick.n.01 tile.n.01 edible_fruit.n.01 container.n.01
    device.n.01 structure.n.01 vehicle.n.01 tool.n.01 furniture.n.01 sandwich.n.01 cake.n.03 pie.n.01
    cookie.n.01 vegetable.n.01 cocktail.n.01 person.n.01 animal.n.01 plant.n.02 body_part.n.01
    game_equipment.n.01
    """
)
MASS_HEADS = frozenset(
    split_words(
        """
    water cloth iron steel equipment gear paper rust mold mildew powder cream oil lotion soap ink paint dye glue
    wax tar gum silk wool cotton linen lace velvet satin leather felt underfelt canvas denim plastic rubber wood
    timber lumber concrete plaster mortar gravel sand clay soil mud dust ash snow ice fog smoke steam hay straw
    wheat rice flour sugar salt meat beef pork mutton butter milk bread tea coffee wine beer liquor jewelry
    furniture luggage baggage machinery hardware software silverware glassware tableware stemware footwear
    underwear sportswear formalwear menswear headgear clothing bedding flooring roofing paneling scaffolding
    rigging wiring plumbing piping insulation vegetation foliage shrubbery moss algae plankton garbage rubbish
    debris litter rubble money cash currency traffic ammunition artillery weaponry armor cutlery stationery
    pottery porcelain china art poetry fiction literature music skin blood flesh pollen wallpaper cardboard
    plywood fiberglass tinsel confetti graffiti mail juice soup cheese honey yogurt lemonade seaweed undergrowth
    underbrush grass ivy bamboo hair fur fire lightning sleet slush lava frost dew corn broccoli cauliflower
    lettuce spinach celery garlic parsley cilantro ginger mint cabbage asparagus kale
    """
    )
)
MASS_ENDING = re.compile(r"(ware|wear|gear|cloth|wood|dust)$")
COUNT_GLOSS = re.compile(
    r"(\([^)]*\) )?(a|an|one|each|either|any of (the|several|various|numerous)|someone)\b", re.IGNORECASE
)
PLURAL_ONLY = frozenset(
    split_words(
        """
    scissors pliers tweezers forceps shears tongs glasses eyeglasses spectacles goggles sunglasses binoculars
    trousers pants jeans shorts tights leggings pajamas overalls slacks breeches knickers briefs pantyhose
    clippers nippers calipers bellows gallows headphones earphones earmuffs handcuffs stairs cattle chaps
    clothes swimming-trunks trunks boxers sweatpants corduroys suspenders reins dungarees panties drawers
    bloomers teeth lice algae bacteria
    """
    )
)


def decide_countability(synset, name: str, kinds: tuple[str, ...]) -> str:
    """Decides: `count`, `mass` or `plural`. Hand decisions come first."""
    decided = read_decisions().get(synset.name())
    if decided:
        return decided
    head = name.partition(" of ")[0].lower().replace("-", " ").split()[-1]
    if head in PLURAL_ONLY or _is_marked_plural(synset):
        return "plural"
    if "person" in kinds or "animal" in kinds:
        return "count"
    counted = bool(COUNT_GLOSS.match(synset.definition()))
    if head in MASS_HEADS and not ("plant" in kinds and len(name.split()) > 1 and head != "moss"):
        return "count" if counted and _is_under(synset, COUNT_ROOTS) else "mass"
    if MASS_ENDING.search(head) and len(head) > 5 and not _is_under(synset, COUNT_ROOTS):
        return "count" if counted else "mass"
    if _is_under(synset, MASS_ROOTS) and not _is_under(synset, COUNT_ROOTS) and not counted:
        return (
            "mass" if measure_zipf(_pluralize(head)) < measure_zipf(head) - 1.0 or measure_zipf(head) == 0 else "count"
        )
    return "count"


@lru_cache(maxsize=1)
def read_decisions() -> dict[str, str]:
    """Reads the reviewed decisions, id to countability."""
    return dict(line.split(" = ") for line in read_review("countability.txt"))


@cache
def _pluralize(word: str) -> str:
    return open_inflect().plural_noun(word) or word


@cache
def _list_above(synset) -> frozenset[str]:
    return frozenset(above.name() for above in synset.closure(lambda synset: synset.hypernyms())) | {synset.name()}


def _is_under(synset, roots: list[str]) -> bool:
    return not _list_above(synset).isdisjoint(roots)


def _is_marked_plural(synset) -> bool:
    usages = [*synset.usage_domains(), *(usage.synset() for usage in synset.lemmas()[0].usage_domains())]
    return any(usage.name() == "plural.n.01" for usage in usages) or bool(
        re.match(r"\((usually )?plural\)", synset.definition())
    )
