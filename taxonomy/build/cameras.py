"""Lists camera models by the names that lensfun's database gives them."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

from .sources import find_archive

MAKERS = {
    "Canon": "Canon",
    "Nikon": "Nikon",
    "Sony": "Sony",
    "Fujifilm": "Fujifilm",
    "Olympus": "Olympus",
    "OM Digital Solutions": "OM System",
    "Panasonic": "Panasonic",
    "Pentax": "Pentax",
    "Ricoh": "Ricoh",
    "Leica": "Leica",
    "Samsung": "Samsung",
    "Sigma": "Sigma",
    "Hasselblad": "Hasselblad",
    "Kodak": "Kodak",
    "Konica Minolta": "Konica Minolta",
    "Minolta": "Minolta",
    "Casio": "Casio",
    "Epson": "Epson",
    "GoPro": "GoPro",
    "DJI": "DJI",
    "Zeiss": "Zeiss",
    "Contax": "Contax",
}


def list_cameras(sources: Path) -> list[str]:
    """Lists the names of cameras, maker first, sorted."""
    names = set()
    with zipfile.ZipFile(find_archive(sources, "lensfunpy-*.whl")) as wheel:
        for file in sorted(name for name in wheel.namelist() if name.endswith(".xml")):
            for camera in ElementTree.fromstring(wheel.read(file)).iter("camera"):
                name = join_name(read_english(camera, "maker"), read_english(camera, "model"))
                if name:
                    names.add(name)
    return sorted(names)


def read_english(camera: ElementTree.Element, tag: str) -> str:
    """Reads the English form of a name, or else the first one."""
    elements = camera.findall(tag)
    english = [element for element in elements if element.get("lang") == "en"]
    return ((english or elements)[0].text or "").strip()


def join_name(maker: str, model: str) -> str:
    """Joins maker and model, without saying the maker twice; empty where the maker is not one of ours."""
    maker = next((short for long, short in MAKERS.items() if maker.lower().startswith(long.lower())), "")
    model = re.sub(r"\s*\([^)]*\)", "", model).strip()
    if not maker or not re.search(r"\d|[A-Z]{2}", model) or len(model) > 40 or re.search(r"[:*.]", model):
        return ""
    if model.lower().startswith(maker.lower()):
        model = model[len(maker) :].strip()
    return " ".join(f"{maker} {model}".split())
