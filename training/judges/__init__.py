"""Who answers questions about pictures, and how replies become right or wrong. Importing these loads no torch.

Others take `Judge` (`protocol.py`), `RewardJudge`, `open_judge` (`settings.py`), `VisionLanguageJudge`
(`vision_language.py`), `EndpointJudge` (`endpoint.py`), `judge_questions` (`asking.py`) and `choose_questions`
(`marking.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .protocol import Judge


def load(judge: str | Path, device: str | None = None, **settings: Any) -> Judge:
    """Makes a judge.

    Args:
        judge: `sandbox`; the http(s) address of an OpenAI-compatible server; the path of a .yaml file of settings; or
            a model, by its name on the Hub or its folder.
        device: Where a model computes; by default on a GPU, if there is one.
        settings: Keys of `JudgeSettings`, such as `model`, `max_new_tokens` or `chat_template`.

    Raises:
        GasError: A setting is wrong, the model cannot be loaded, or the server does not answer.
    """
    from .settings import open_judge, read_judge

    return open_judge(read_judge(str(judge), settings), device)
