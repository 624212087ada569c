"""The card of a trained model: what it was made of, what it was trained on, and what held-out scenes say of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCardData

from ...fields import Data
from ...recipes.finetune import Finetune
from ...recipes.loading import dump_training

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
    base, data = recipe.model, recipe.data
    on_hub = data.path is not None and "/" in data.path and not Path(data.path).exists()
    metadata = ModelCardData(
        base_model=None if Path(base).exists() else base,
        datasets=[data.path] if data.path and on_hub else None,
        library_name="diffusers",
        pipeline_tag="text-to-image",
        tags=["diffusers", "text-to-image", recipe.method],
    )
    revision = f" at revision {recipe.revision}" if recipe.revision else ""
    how = "An adapter (LoRA)" if recipe.method == "lora" else "The whole denoiser"
    parts = [
        f"---\n{metadata.to_yaml()}\n---\n\n# {recipe.name}",
        f"{how} of {base}{revision}, trained on {_name_data(data)} for {results['updates']:,} updates of "
        f"{results['images_per_update']} pictures (epochs: {results['epochs']:g}) by `gas train`.",
        f"```python\n{LOADING[recipe.method].format(base=base)}\n```",
        *_describe_held_out(results.get("held_out"), sheet),
        f"The recipe:\n\n```yaml\n{dump_training(recipe).rstrip()}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _name_data(data: Data) -> str:
    revision = f" at revision {data.revision}" if data.revision else ""
    return f"the dataset recipe `{data.recipe}`" if data.recipe else f"`{data.path}`{revision}"


def _describe_held_out(held_out: Mapping[str, Any] | None, sheet: str | None) -> list[str]:
    """A table of the shares of questions about held-out scenes that are answered right, before and after."""
    if not held_out:
        return []
    low, high = held_out["gain"]["interval"]
    rows = [("all", {name: held_out[name]["mean"] for name in ("before", "after")}), *held_out["by_kind"].items()]
    table = [f"| {kind} | {shares['before']:.3f} | {shares['after']:.3f} |" for kind, shares in rows]
    return [
        f"Questions about {held_out['pictures']} pictures of held-out captions, the share that is answered right "
        f"(gain {held_out['gain']['mean']:.3f}, 95 %: {low:.3f} to {high:.3f}):",
        "\n".join(["| questions | before | after |", "| --- | --- | --- |", *table]),
        *([f"![Pictures before and after]({sheet})"] if sheet else []),
    ]
