"""Lists camera models by the names that lensfun's database and LibRaw's list of cameras give them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
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
    "Mamiya": "Mamiya",
    "Phase One": "Phase One",
    "Apple": "Apple",
    "Google": "Google",
    "Huawei": "Huawei",
}


def list_cameras(sources: Path) -> list[str]:
    """Lists the names of cameras, maker first, sorted; of two that differ in capitals alone, the first."""
    names = {join_name(maker, model) for maker, model in (*read_lensfun(sources), *read_libraw(sources))}
    by_plain: dict[str, str] = {}
    for name in sorted(names - {""}):
        by_plain.setdefault(re.sub(r"[^a-z0-9+]", "", name.lower()), name)
    return sorted(by_plain.values())


def read_lensfun(sources: Path) -> Iterator[tuple[str, str]]:
    """Reads maker and model of the cameras in lensfun's database."""
    with zipfile.ZipFile(find_archive(sources, "lensfunpy-*.whl")) as wheel:
        for file in sorted(name for name in wheel.namelist() if name.endswith(".xml")):
            for camera in ElementTree.fromstring(wheel.read(file)).iter("camera"):
                yield read_english(camera, "maker"), read_english(camera, "model")


def read_libraw(sources: Path) -> Iterator[tuple[str, str]]:
    """Reads maker and model of the cameras that LibRaw lists; its library holds them as plain strings."""
    with zipfile.ZipFile(find_archive(sources, "rawpy-*.whl")) as wheel:
        library = wheel.read("rawpy/libraw_r.so")
    makers = "|".join(sorted(MAKERS, key=lambda name: (-len(name), name)))
    for text in re.findall(rf"\0((?:{makers}) [ -~]{{2,40}})(?=\0)".encode(), library):
        name = text.decode("ascii")
        maker = next(maker for maker in sorted(MAKERS, key=len, reverse=True) if name.startswith(f"{maker} "))
        for model in name.removeprefix(f"{maker} ").split(" / "):
            yield maker, model.strip()


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
