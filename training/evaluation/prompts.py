"""What models are asked for: captions in the recipe's words, perhaps rewritten by a chat model.

A scene whose prompt was rewritten is still judged by its own questions: rewriting counts as a part of the model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...errors import explain_os_error
from ...regular_files import open_regular
from ..chat_models import load_chat_model
from ..recipes.pictures import PROMPT, PromptRewrite
from ..sources import ADDRESS
from ..upstream import is_first, wait_for_all

if TYPE_CHECKING:
    from ..recipes.evaluation import Evaluation

CAPTION = "{caption}"
CACHE = "rewritten.jsonl"
KEPT = {"by", "settings", "prompt", "rewritten"}
"""Keys of each of its lines."""
AT_ONCE = 64
"""So many prompts are kept together: what is stopped has lost no more."""


@dataclass(frozen=True)
class Prompts:
    """What models are asked for.

    Attributes:
        sent: Of each caption, the prompt; None where it could not be rewritten.
        record: How prompts were made, as JSON can hold it: `prompt`, and of rewritten ones `rewritten_by`, the model
            with its revision or server and a digest of the settings, and `not_rewritten`, how many there are.
    """

    sent: list[str | None]
    record: dict[str, Any] = field(default_factory=dict)


def write_prompts(recipe: Evaluation, captions: Sequence[str], folder: Path) -> Prompts:
    """Writes the prompts of captions; those that are rewritten are kept in the folder, and not asked for again.

    Of several processes the first asks, and the others read what it has kept.

    Args:
        recipe: With `prompt`, and perhaps `prompt_rewrite`.
        captions: Those of the scenes.
        folder: Where rewritten prompts are kept, `rewritten.jsonl`.

    Raises:
        GasError: The model cannot be loaded, the server does not answer, or the file cannot be used.
    """
    plain = [recipe.prompt.replace(CAPTION, caption) for caption in captions]
    record: dict[str, Any] = {"prompt": recipe.prompt}
    settings, cache = recipe.prompt_rewrite, folder / CACHE
    if settings is None:
        return Prompts(list(plain), record)
    if is_first():
        rewrite_prompts(settings, plain, cache)
    wait_for_all()
    kept = _read_cache(cache, settings)
    found = [kept.get(prompt) for prompt in plain]
    record["rewritten_by"] = sorted({line["by"] for line in found if line})
    sent = [line["rewritten"] if line else None for line in found]
    return Prompts(sent, record | {"not_rewritten": sent.count(None)})


def rewrite_prompts(settings: PromptRewrite, prompts: Sequence[str], cache: Path) -> None:
    """Has prompts rewritten, each once, that the file does not have by the same settings, and adds them to it.

    What is not rewritten is left out. Where none is missing, neither the model nor the server is needed.

    Raises:
        GasError: The model cannot be loaded, the server does not answer, or the file cannot be used.
    """
    kept = _read_cache(cache, settings)
    missing = [prompt for prompt in dict.fromkeys(prompts) if prompt not in kept]
    if not missing:
        return
    name, ask = (_open_server if ADDRESS.match(settings.by) else _open_model)(settings)
    own = {"by": f"{name}[{settings.digest}]", "settings": settings.digest}
    for start in range(0, len(missing), AT_ONCE):
        some = missing[start : start + AT_ONCE]
        texts = ask([settings.template.replace(PROMPT, one) for one in some])
        pairs = zip(some, texts, strict=True)
        _add_lines(cache, [{**own, "prompt": one, "rewritten": text} for one, text in pairs if text])


def _read_cache(path: Path, settings: PromptRewrite) -> dict[str, dict[str, str]]:
    """The lines that were kept by the same settings, by their prompts."""
    lines: dict[str, dict[str, str]] = {}
    if not path.exists():
        return lines
    with open_regular(path) as file:
        for line in file:
            one: Any = None
            with suppress(ValueError, RecursionError):  # of what was killed while it wrote
                one = json.loads(line)
            if isinstance(one, dict) and one.keys() >= KEPT and one["settings"] == settings.digest:
                lines[one["prompt"]] = one
    return lines


def _add_lines(path: Path, lines: Sequence[dict[str, str]]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.writelines("\n" + json.dumps(line, ensure_ascii=False) for line in lines)
    except OSError as error:
        raise explain_os_error(error, path) from error


def _open_server(settings: PromptRewrite) -> tuple[str, Callable[[list[str]], list[str]]]:
    """A judge behind a server, asked without a picture."""
    from ..judges.endpoint import EndpointJudge
    from ..judges.protocol import NoPicture

    judge = EndpointJudge(
        settings.by,
        instruction="",
        **settings.model_dump(
            include={
                *("model", "api_key", "concurrency", "timeout", "retries"),
                *("max_new_tokens", "system", "chat_template", "extra_body"),
            }
        ),
    )
    client = judge.client
    server = f"{client.software}-{client.version or 'unknown'}" if client.software else urlsplit(judge.url).netloc
    return f"{judge.model}@{server}", lambda texts: judge.answer([NoPicture()] * len(texts), texts)


def _open_model(settings: PromptRewrite) -> tuple[str, Callable[[list[str]], list[str]]]:
    """A model of transformers, which writes the likeliest token at each step, of one prompt at a time."""
    model = load_chat_model("rewriting prompts", settings.by, settings.revision, settings.dtype)
    options = settings.model_dump(include={"system", "max_new_tokens", "chat_template"})
    return model.name, lambda texts: [model.write(text, **options) for text in texts]
