"""What judges put around an answer: thoughts, tags, labels, emphasis, list marks, and explanations behind it."""

from __future__ import annotations

import re
import unicodedata

_THINK = r"(?:think|thinking|thought|reasoning|analysis)"
_THOUGHT_BEGINS = re.compile(rf"[<\[◁]{_THINK}[>\]▷]", re.IGNORECASE)
_THOUGHT_ENDS = re.compile(rf"[<\[◁]/{_THINK}[>\]▷]", re.IGNORECASE)
_MARKED = re.compile(
    r"<(?:final_)?answer>(?P<tag>.*?)(?:</(?:final_)?answer>|$)"
    r"|<\|begin_of_box\|>(?P<box>.*?)(?:<\|end_of_box\|>|$)"
    r"|\\boxed\{(?:\\text\{)?(?P<tex>[^{}]*)\}"
    r'|"(?:final_)?answer"\s*:\s*(?:"(?P<json>[^"]*)"|(?P<bare>[^\s,"}]+))',
    re.IGNORECASE | re.DOTALL,
)
_MARKUP = re.compile(
    r"<\|[^<>|]{1,40}\|>|</?[a-z]\w*/?>|```\w*|[*`~“”„«»\"$]|(?<!\w)_+|_+(?!\w)|^[#>]+\s", re.I | re.M
)
_LABEL = re.compile(
    r"(?:^|[.!?;]\s)\s*(?:(?:so|thus|therefore|hence|finally)\b,?\s*)?"
    r"(?:(?:the|my|final|correct|right|best|short)\s+)*"
    r"(?:answer|response|reply|conclusion|verdict)(?:\s+to\s+(?:the|this|your)\s+question)?"
    r"(?:\s*[:=]|\s+(?:is|would be)\b\s*:?|\s+[-–—]\s)\s*|^\s*(?:a|ans)\s*:\s*",
    re.IGNORECASE | re.MULTILINE,
)
_INTRODUCTION = re.compile(r"[^\n]*:\s*\n+(?=\s*\S)")
_EXPLANATION = re.compile(
    r"\n\s*\n|\b(?:because|the reason (?:is|being))\b"
    r"|\b(?:explanation|reason|reasoning|rationale|justification|note)\s*:",
    re.IGNORECASE,
)
_LIST_MARK = re.compile(r"\s*(?:[-+•‣–—]\s+|[(\[]?(?:[a-h]|1)[.)\]:]+\s+)(?=\S)", re.IGNORECASE)


def unwrap_reply(reply: str) -> str:
    """Takes an answer out of what a judge put around it; "" where there is nothing else.

    >>> unwrap_reply("<think>A tail, so a dog.</think> **Final answer:** Yes, because it barks.")
    'Yes,'
    """
    text = leave_out_thought(unicodedata.normalize("NFKC", reply))
    for marked in _MARKED.finditer(text):
        text = next(filter(None, marked.groups()), "")
    text = _MARKUP.sub("", text)
    for label in _LABEL.finditer(text):
        text = label.string[label.end() :]
    text = text.strip()
    while introduction := _INTRODUCTION.match(text):
        text = text[introduction.end() :]
    explanation = _EXPLANATION.search(text)
    answer = text[: explanation.start()] if explanation else text
    return (answer if re.search(r"\w", answer) else text).strip()


def leave_out_thought(text: str) -> str:
    """What comes after the last thought; a thought that is cut off has nothing after it."""
    for end in _THOUGHT_ENDS.finditer(text):
        text = end.string[end.end() :]
    begin = _THOUGHT_BEGINS.search(text)
    return text[: begin.start()] if begin else text


def unlist_reply(reply: str) -> str:
    """A reply without the mark of a list in front: `1. Yes`, `(b) yes`, `- yes`."""
    mark = _LIST_MARK.match(reply)
    return reply[mark.end() :] if mark else reply
