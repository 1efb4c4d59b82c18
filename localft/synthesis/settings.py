"""What a person chooses about the examples that a model shall write from documents."""

from typing import Literal, get_args

from pydantic import Field

from localft.settings import Settings

Kind = Literal["question-answer", "instruction", "style"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class SynthesisSettings(Settings):
    """Declared once; the options of the command line and the form in the app are made from it."""

    kind: Kind = Field(
        "question-answer",
        description="question-answer asks about what a passage says; instruction gives tasks (summarise, explain, "
        "extract); style has plain text rewritten, and beginnings continued, in the document's own words.",
    )
    most: int = Field(200, ge=1, le=100_000, description="At most so many examples; passages are taken evenly.")
    per_passage: int = Field(3, ge=1, le=20, description="At most so many examples from one passage.")
    passage_size: int = Field(1_800, ge=200, le=20_000, description="The longest passage, in characters.")
    overlap: int = Field(
        200, ge=0, le=2_000, description="Where a paragraph has to be cut: so many characters are repeated."
    )
    with_passage: bool = Field(
        False,
        description="Put the passage into the question: the model then learns to answer from a text that it is given, "
        "not to know the documents by heart.",
    )
    judge: bool = Field(
        False, description="Ask the model a second time about each answer: whether the passage says so, and where."
    )
    guidance: str = Field(
        "", max_length=2_000, description="What else the writer should heed, such as for whom the examples are."
    )
    temperature: float = Field(0.7, ge=0, le=2, description="How much the writer varies its words.")
    price_in: float | None = Field(
        None, ge=0, le=10_000, description="What a million tokens that the model reads cost."
    )
    price_out: float | None = Field(
        None, ge=0, le=10_000, description="What a million tokens that the model writes cost."
    )

    @property
    def caution(self) -> str:
        """What to know of answers that no model judges; "" where one does, and where they are quotations."""
        if self.judge or self.kind == "style":
            return ""
        return (
            "Answers that contradict their passages are told by words, numbers, names and opposites; a judge, which "
            "asks the model about each of them, is the surer way."
        )
