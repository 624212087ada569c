"""What a recipe may say of questions; their kinds are the names of files."""

from __future__ import annotations

from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
)

from .fields import (
    Part,
    Text,
    refuse_repeats,
    shorten,
    wrap_one,
)

Form = Literal["yes_no", "open", "multiple_choice", "count"]
FORMS: tuple[Form, ...] = get_args(Form)

DEFAULT_QUESTIONS = ("object", "attribute", "relation", "count", "scene")
"""What a recipe asks that names no kinds. A new kind is not among them, since it would change the recipe's rows."""


def list_question_kinds() -> tuple[str, ...]:
    """List the kinds of questions: the files in `questions/kinds`, those that are asked by default first."""
    folder = Path(__file__).parents[1] / "questions" / "kinds"
    others = {file.name for file in iter_modules([str(folder)])}.difference(DEFAULT_QUESTIONS)
    return (*DEFAULT_QUESTIONS, *sorted(others))


QUESTION_KINDS = list_question_kinds()
if TYPE_CHECKING:
    QuestionKind = str
else:
    QuestionKind = Literal[QUESTION_KINDS]  # a type checker does not know which files there are; Pydantic does


ASK = {
    "visible": "what anybody sees in a picture",
    "all": "also what few see in a picture, or nobody",
}
"""What `questions.ask` may be, in words."""


class Questions(Part):
    """What is asked about scenes."""

    kinds: Annotated[tuple[QuestionKind, ...], BeforeValidator(wrap_one), AfterValidator(refuse_repeats)] = Field(
        default=DEFAULT_QUESTIONS,
        description="The kinds of questions to ask; an empty list for none.",
        examples=[["object", "relation"]],
    )
    forms: (
        Annotated[tuple[Form, ...], Field(min_length=1), BeforeValidator(wrap_one), AfterValidator(refuse_repeats)]
        | None
    ) = Field(
        default=None,
        description="Only questions of these forms; all when left out. A kind that is never asked so is not asked.",
        examples=[["yes_no"]],
    )
    ask: Literal["visible", "all"] = Field(
        default="visible",
        description="visible: what anybody sees in a picture; all: also what few see, or nobody, such as an ISO.",
        examples=["all"],
    )

    templates: Text | None = Field(
        default=None,
        description="A folder beside the recipe with a template for each kind; the shipped ones when left out.",
        examples=["fragen"],
    )

    @field_validator("templates")
    @classmethod
    def strip_slash(cls, templates: str | None) -> str | None:
        """Take a folder with a slash at its end, too."""
        return templates and (templates.rstrip("/") or templates)

    def asks(self, form: str) -> bool:
        """Tell whether questions of a form are asked."""
        return self.forms is None or form in self.forms

    def describe(self) -> str:
        """Say in words what is asked."""
        if not self.kinds:
            return "none"
        forms = f" as {', '.join(self.forms)}" if self.forms else ""
        return f"{', '.join(self.kinds)}{forms} ({self.ask}: {ASK[self.ask]})"

    @model_serializer(mode="wrap")
    def write_short(self, handler: SerializerFunctionWrapHandler) -> Any:
        """Leave out what says nothing, and write the kinds alone as their list."""
        fields = handler(self)
        for name in ("forms", "templates"):
            if fields.get(name) is None:
                fields.pop(name, None)
        if fields.get("ask") == "visible":
            del fields["ask"]
        return shorten(fields, "kinds")


def read_questions(value: Any) -> Any:
    """Take kinds of questions where they stand alone."""
    return value if isinstance(value, dict | Questions) else {"kinds": value}
