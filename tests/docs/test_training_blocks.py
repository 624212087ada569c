"""The YAML of the pages on trainings can be said in a recipe."""

import re

import pytest
import yaml
from generate_any_scene.errors import GasError
from generate_any_scene.training.recipes.loading import load_training
from pages import list_blocks

PARENTS = {
    "detector": ("detector_dinov3",),
    "finetuning": ("finetune_z_image",),
    "judges": ("sandbox_grpo",),
    "reinforcement": ("grpo_simplear", "nft_sd35_medium"),
    "rewards": ("sandbox_grpo",),
    "training": ("finetune_sd15", "sandbox_grpo"),
}
"""Recipes that the blocks of a page are keys of, one of them at least."""
PARTS = re.compile(r"^(?=\w+:)", re.MULTILINE)


def list_variants(text):
    """What a block says: a key that stands there again is another way to say it."""
    variants = [{}]
    for part in filter(str.strip, PARTS.split(text)):
        for key, value in (yaml.safe_load(part) or {}).items():
            if key in variants[-1]:
                variants.append({})
            variants[-1][key] = value
    return [keys for keys in variants if keys]


SHOWN = [
    pytest.param(page, keys, id=f"{page}:{block.line}:{number}")
    for page in PARENTS
    for block in list_blocks(f"docs/{page}.md", "yaml")
    for number, keys in enumerate(list_variants(block.text))
]


def test_every_page_with_yaml_of_trainings_is_here():
    pages = (*PARENTS, "metrics", "selection")
    assert {page for page in pages if list_blocks(f"docs/{page}.md", "yaml")} == set(PARENTS)


@pytest.mark.parametrize(("page", "keys"), SHOWN)
def test_keys_can_be_said(page, keys, empty):
    problems = []
    for parent in PARENTS[page]:
        path = empty / "shown.yaml"
        instead = {"reward": None} if "rewards" in keys else {}  # of which a recipe has one
        path.write_text(yaml.safe_dump({"extends": parent, "name": "shown", **instead, **keys}))
        try:
            load_training(path)
        except GasError as error:
            problems.append(str(error))
    assert len(problems) < len(PARENTS[page]), problems
