"""Spelling: words that are written in two ways, most of them by Americans and by the British."""

from __future__ import annotations

import re
import unicodedata

from .inflection import make_plural

SPELLINGS = """
airplane/aeroplane aluminum/aluminium amphitheater/amphitheatre analyzing/analysing apologizing/apologising
arbor/arbour armor/armour armored/armoured ax/axe bandanna/bandana banister/bannister barbecue/barbeque
barreled/barrelled bejeweled/bejewelled beveled/bevelled bicolor/bicolour caliper/calliper catalog/catalogue
center/centre centered/centred checkerboard/chequerboard checkered/chequered chili/chilli color/colour
colored/coloured colorful/colourful coloring/colouring colorless/colourless counselor/counsellor cozy/cosy
curb/kerb customized/customised defense/defence deviled/devilled disheveled/dishevelled doughnut/donut
draftsman/draughtsman favor/favour favorite/favourite fiber/fibre fiberglass/fibreglass flavored/flavoured
gray/grey graying/greying grayish/greyish harbor/harbour homogenized/homogenised honor/honour honored/honoured
honoring/honouring hummus/houmous jeweled/jewelled jeweler/jeweller jewelry/jewellery kabob/kebab ketchup/catsup
labeled/labelled labeling/labelling labor/labour laborer/labourer leveled/levelled license/licence
licorice/liquorice luster/lustre maneuvering/manoeuvring marveling/marvelling marvelous/marvellous meager/meagre
miter/mitre modeled/modelled modeler/modeller modeling/modelling mold/mould molded/moulded molding/moulding
moldy/mouldy mollusk/mollusc motorized/motorised multicolored/multicoloured mustache/moustache
mustached/moustached neighbor/neighbour neighborhood/neighbourhood ocher/ochre omelet/omelette pajama/pyjama
paneled/panelled paneling/panelling parlor/parlour pasteurized/pasteurised petaled/petalled plow/plough
plowed/ploughed plowing/ploughing pressurized/pressurised quarreling/quarrelling racket/racquet reveler/reveller
saber/sabre sari/saree savoring/savouring scepter/sceptre sepulcher/sepulchre shoveling/shovelling
shriveled/shrivelled signaling/signalling skeptical/sceptical smoldering/smouldering snowplow/snowplough
somber/sombre specter/spectre stabilized/stabilised stylized/stylised sulfur/sulphur symbolize/symbolise
symbolized/symbolised tasseled/tasselled tepee/teepee theater/theatre tire/tyre toweling/towelling
traveler/traveller traveling/travelling tricolor/tricolour ukulele/ukelele unlabeled/unlabelled vapor/vapour
veranda/verandah watercolor/watercolour whiskey/whisky woolen/woollen yogurt/yoghurt
"""
"""Pairs of spellings of one word; words that also mean something else, such as story and storey, are none."""

_OTHER = {
    change(one): change(other)
    for pair in SPELLINGS.split()
    for one, other in (pair.split("/"), pair.split("/")[::-1])
    for change in (str, make_plural)
}

RESPELLED = rf"(?i)\b({'|'.join(sorted(_OTHER))})\b|[^\x00-\x7f]"
"""What a text holds that `respell` changes: a regular expression, for Python and for Arrow."""


def respell(text: str) -> str:
    """Spells every word the other way, where there is one, and all letters without accents.

    >>> [respell(text) for text in ("gray", "Theaters", "pyjama", "gray-haired", "Édouard Manet", "dog")]
    ['grey', 'Theatres', 'pajama', 'grey-haired', 'Edouard Manet', 'dog']
    """

    def swap(match: re.Match[str]) -> str:
        word = match.group()
        other = _OTHER.get(word.lower(), word)
        return other.capitalize() if word[0].isupper() else other

    plain = unicodedata.normalize("NFKD", text)
    return re.sub(r"\w+", swap, "".join(letter for letter in plain if not unicodedata.combining(letter)))
