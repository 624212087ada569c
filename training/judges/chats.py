"""Chats of one picture and one question, as templates and processors of transformers take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, Union

if TYPE_CHECKING:
    from PIL.Image import Image

Picture: TypeAlias = Union["Image", tuple["Image", ...]]
"""What a chat shows: a picture, or the frames of a video; in mode RGB."""

FRAMES_A_SECOND = 2
"""Frames carry no times; models that are told some get those of the rate at which Qwen's processors sample videos."""


@dataclass(frozen=True)
class Chat:
    """A picture or a video, and below it a question; before both what the system says, if anything."""

    picture: Picture
    text: str
    system: str = ""

    @property
    def size(self) -> tuple[int, ...]:
        """Frames, if they are some, width and height; chats about pictures of one size are alike in length."""
        return (len(self.picture), *self.picture[0].size) if isinstance(self.picture, tuple) else self.picture.size

    @property
    def messages(self) -> list[dict[str, Any]]:
        kind = "video" if isinstance(self.picture, tuple) else "image"
        shown = list(self.picture) if isinstance(self.picture, tuple) else self.picture
        system = {"role": "system", "content": [{"type": "text", "text": self.system}]}
        user = {"role": "user", "content": [{"type": kind, kind: shown}, {"type": "text", "text": self.text}]}
        return [system, user] if self.system else [user]


def render_chat(processor: Any, chat: Chat, options: Mapping[str, Any]) -> str:
    """Writes a chat as its template has it, with one sign for the picture."""
    return str(processor.apply_chat_template(chat.messages, add_generation_prompt=True, tokenize=False, **options))


def encode_chats(
    processor: Any, chats: Sequence[Chat], padding_side: str, options: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Makes tensors of chats, short rows filled up on one side.

    Args:
        processor: That of the model.
        chats: All of pictures, or all of videos.
        padding_side: `left` or `right`.
        options: Arguments of the chat template.
    """
    kwargs: dict[str, Any] = {"padding": True, "padding_side": padding_side}
    videos = [chat.picture for chat in chats if isinstance(chat.picture, tuple)]
    if videos:
        kwargs |= {"do_sample_frames": False, "video_metadata": [_describe_video(len(one)) for one in videos]}
    found: Mapping[str, Any] = processor.apply_chat_template(
        [chat.messages for chat in chats],
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
        processor_kwargs=kwargs,
        **options,
    )
    return found


def _describe_video(frames: int) -> dict[str, Any]:
    return {
        "fps": FRAMES_A_SECOND,
        "total_num_frames": frames,
        "duration": frames / FRAMES_A_SECOND,
        "frames_indices": list(range(frames)),
    }


def takes_videos(processor: Any) -> bool:
    """Whether a model reads frames as a video: its chat template says where they are, and its processor takes them."""
    from PIL import Image

    sign = getattr(processor, "video_token", None)
    chat = Chat((Image.new("RGB", (64, 64)),) * 2, "?")
    try:
        return (
            sign is not None
            and sign in render_chat(processor, chat, {})
            and bool(encode_chats(processor, [chat], "right", {}))
        )
    except Exception:  # templates and processors refuse what they do not know in a dozen types
        return False
