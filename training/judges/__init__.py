"""Who answers questions about pictures, and how replies become right or wrong. Importing these loads no torch.

Others take `Judge` (`protocol.py`), `VisionLanguageJudge` (`vision_language.py`), `judge_questions`,
`choose_questions`, `mark_reply` and `Judged` (`marking.py`).
"""
