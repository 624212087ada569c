"""Who answers questions about pictures, and how replies become right or wrong. Importing these loads no torch.

Others take `Judge` (`protocol.py`), `JudgeSettings`, `open_judge`, `read_judge` (`settings.py`), `VisionLanguageJudge`
(`vision_language.py`), `EndpointJudge` (`endpoint.py`), `judge_questions` (`asking.py`) and `choose_questions`
(`marking.py`).
"""
