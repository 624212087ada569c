"""Generate Any Scene: datasets of scene graphs, captions and questions, declared in YAML.

Importing this package registers the dataset `"gas"`: `datasets.load_dataset("gas", "multi_object")` then makes its
rows from the recipe, in any folder and without files. Nothing heavy is imported for that; `datasets` itself only when
it is used. What is public stands in `__all__`, and each of it is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import wrapt

from .version import __version__ as __version__

__all__ = [
    "Build",
    "EndpointJudge",
    "GasError",
    "Recipe",
    "RecipeError",
    "Scene",
    "SceneGraph",
    "VisionLanguageJudge",
    "build",
    "captions",
    "compare_models",
    "diff",
    "estimate_mean",
    "evaluate",
    "explode_questions",
    "export",
    "find_evaluate_module",
    "judge_questions",
    "judges",
    "open_metric",
    "open_report",
    "preferences",
    "preview",
    "questions",
    "rewards",
    "scene",
    "taxonomy",
    "to_networkx",
    "verify",
    "vocab",
]

if TYPE_CHECKING:
    from .builders.describe.describe import captions, questions
    from .builders.describe.scene_graph import SceneGraph
    from .builders.python.folders import Build, build, diff, export, verify
    from .builders.python.glimpses import preview, scene
    from .builders.python.recipes import Recipe
    from .builders.python.scenes import Scene
    from .builders.recipe.networkx_graphs import to_networkx
    from .builders.rows.explode import explode_questions
    from .errors import GasError, RecipeError
    from .taxonomy.browsing import taxonomy, vocab
    from .training import (
        EndpointJudge,
        VisionLanguageJudge,
        compare_models,
        estimate_mean,
        evaluate,
        find_evaluate_module,
        judge_questions,
        judges,
        open_metric,
        open_report,
        preferences,
        rewards,
    )

_PLACES = {
    "Build": ".builders.python.folders",
    "EndpointJudge": ".training",
    "GasError": ".errors",
    "Recipe": ".builders.python.recipes",
    "RecipeError": ".errors",
    "Scene": ".builders.python.scenes",
    "SceneGraph": ".builders.describe.scene_graph",
    "VisionLanguageJudge": ".training",
    "build": ".builders.python.folders",
    "captions": ".builders.describe.describe",
    "compare_models": ".training",
    "diff": ".builders.python.folders",
    "estimate_mean": ".training",
    "evaluate": ".training",
    "explode_questions": ".builders.rows.explode",
    "export": ".builders.python.folders",
    "find_evaluate_module": ".training",
    "judge_questions": ".training",
    "judges": ".training.judges",
    "open_metric": ".training",
    "open_report": ".training",
    "preferences": ".training.preferences",
    "preview": ".builders.python.glimpses",
    "questions": ".builders.describe.describe",
    "rewards": ".training.rewards",
    "scene": ".builders.python.glimpses",
    "taxonomy": ".taxonomy",
    "to_networkx": ".builders.recipe.networkx_graphs",
    "verify": ".builders.python.folders",
    "vocab": ".taxonomy.browsing",
}


@wrapt.when_imported("datasets.load")
def _register(module: Any) -> None:
    from .builders.registration import register

    register(module)


@wrapt.when_imported(f"{__name__}.builders.rows.paraphrases")
def _offer_paraphrasers(module: Any) -> None:
    def open_paraphraser(settings: Any) -> Any:
        from .training.paraphrase import open_paraphraser

        return open_paraphraser(settings)

    module.OPENERS.append(open_paraphraser)


@wrapt.when_imported(f"{__name__}.builders.export.export")
def _offer_picture_exports(module: Any) -> None:
    def export_pictures(*arguments: Any) -> str:
        from .training.upstream import require

        require("PIL", user="gas export of pictures", extra="eval")
        from .training.picture_export import export_pictures

        return export_pictures(*arguments)

    def export_edits(*arguments: Any) -> str:
        from .training.upstream import require

        require("PIL", user="gas export of edited pictures", extra="eval")
        from .training.edit_export import export_edits

        return export_edits(*arguments)

    module.OTHER_EXPORTS.update(dict.fromkeys(module.list_picture_formats(), export_pictures))
    module.OTHER_EXPORTS.update(dict.fromkeys(module.list_edit_formats(), export_edits))


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


if not TYPE_CHECKING:  # or a wrong name would pass as any other

    def __getattr__(name: str) -> Any:
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = import_module(_PLACES[name], __name__)
        return module if module.__name__.endswith(f".{name}") else getattr(module, name)
