"""The card of a pipeline's adapter or denoiser: see `cards.py` for what all models' cards have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import cards
from ...recipes.finetune import Finetune

LOADING = {
    "lora": """pipeline = DiffusionPipeline.from_pretrained("{base}")
pipeline.load_lora_weights("this folder, or its name on the Hub")""",
    "full": """pipeline = DiffusionPipeline.from_pretrained("this folder, or its name on the Hub")""",
}


def write_card(recipe: Finetune, results: Mapping[str, Any], sheet: str | None) -> str:
    """Writes a model card in Markdown; the same training has the same card.

    Args:
        recipe: Of the training.
        results: What the training returns.
        sheet: The file beside the card with held-out pictures; None without any.
    """
    how = "An adapter (LoRA)" if recipe.method == "lora" else "The whole denoiser"
    parts = [
        f"{how} of {cards.name_base(recipe)}, trained on {cards.name_data(recipe.data)} for {results['updates']:,} "
        f"updates of {results['images_per_update']} pictures (epochs: {results['epochs']:g}) by `gas train`.",
        f"```python\n{LOADING[recipe.method].format(base=recipe.model)}\n```",
    ]
    metadata = {
        "library_name": "diffusers",
        "pipeline_tag": "text-to-image",
        "tags": ["diffusers", "text-to-image", recipe.method],
    }
    return cards.write_card(recipe, results, parts, metadata, *([sheet] if sheet else []))
