"""Which tokens are learned, and that they continue exactly what the model is given."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localft.data.examples import Example, Message
from localft.errors import UserError
from localft.models.chat_format import ChatFormat
from localft.models.find import find_model
from localft.models.rendering import render
from localft.models.templates import chat_format_for
from localft.models.tokens import TextTokenizer, encode_example, encode_prompt
from tests.model_folders import CHATML, make_model_folder

# Drops what was thought in earlier turns, and opens an empty place for thinking when told not to think, as Qwen3 does.
THINKER = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}"
    "{% if m.role == 'assistant' and loop.last %}{{ '<think>\\n' + (m.reasoning_content or '') + '\\n</think>\\n\\n' }}"
    "{% endif %}{{ m.content + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
    "{% if enable_thinking is defined and enable_thinking is false %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}"
    "{% endif %}"
)
# Opens the thinking in its prompt and leaves all thinking out of the conversation, as DeepSeek's distilled models do.
OPENER = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content.split('</think>')[-1] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n<think>\\n' }}{% endif %}"
)
# The answer begins with a space of its own, right behind the prompt, as in Mistral's templates.
MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}{{ '[INST] ' + m.content + ' [/INST]' }}"
    "{% else %}{{ ' ' + m.content + eos_token }}{% endif %}{% endfor %}"
)
NO_END = (
    "{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
)


def example(*texts: str, system: str = "", skip: tuple[int, ...] = ()) -> Example:
    """User and assistant in turn; `skip` are the indices of answers that are not learned."""
    messages = [Message(role="system", content=system)] if system else []
    for index, text in enumerate(texts):
        role = "assistant" if index % 2 else "user"
        messages.append(Message(role=role, content=text, learn=index not in skip))
    return Example(messages=tuple(messages))


class Room:
    """A model folder with its tokenizer and chat format."""

    def __init__(self, folder: Path, template: str | None = CHATML, thinking: Any = "off", **more: Any) -> None:
        name = more.pop("template_name", None)
        self.model = find_model(str(make_model_folder(folder, template, **more)))
        self.tokenizer = TextTokenizer(folder)
        self.format: ChatFormat = chat_format_for(self.model, thinking, name)

    def learned(self, example: Example, max_length: int = 10_000, learn: Any = "all") -> list[str]:
        """The learned text of each sequence."""
        return [
            self.tokenizer.decode([t for t, learned in zip(one.token_ids, one.learned, strict=True) if learned])
            for one in encode_example(self.format, self.tokenizer, example, max_length, learn)
        ]


def test_all_answers_are_learned_with_their_end_and_without_what_follows(tmp_path: Path) -> None:
    room = Room(tmp_path / "m")
    conversation = example("capital of France?", "Paris", "and Italy?", "Rome\n", system="be brief")
    assert room.learned(conversation) == ["Paris<|im_end|>Rome\n<|im_end|>"]
    assert room.learned(conversation, learn="last") == ["Rome\n<|im_end|>"]


def test_answers_marked_as_not_to_be_learned_are_masked(tmp_path: Path) -> None:
    room = Room(tmp_path / "m")
    assert room.learned(example("a", "Paris", "b", "Rome", skip=(1,))) == ["Rome<|im_end|>"]
    assert room.learned(example("a", "Paris", skip=(1,))) == []


def test_an_answer_that_holds_the_end_mark_is_learned_to_its_real_end(tmp_path: Path) -> None:
    room = Room(tmp_path / "m")
    assert room.learned(example("a", "x<|im_end|>y")) == ["x<|im_end|>y<|im_end|>"]


def test_a_template_that_rewrites_earlier_turns_gets_a_sequence_for_each(tmp_path: Path) -> None:
    room = Room(tmp_path / "m", THINKER, "keep")
    thinking = example("a", "<think>\nhm\n</think>\n\nParis", "b", "<think>\nho\n</think>\n\nRome")
    assert room.learned(thinking) == [
        "<think>\nhm\n</think>\n\nParis<|im_end|>",
        "<think>\nho\n</think>\n\nRome<|im_end|>",
    ]


def test_thinking_off_on_and_kept_differ_in_what_is_learned(tmp_path: Path) -> None:
    thought, plain = example("a", "<think>\nhm\n</think>\n\nParis"), example("a", "Paris")
    off, on, keep = (Room(tmp_path / kind, THINKER, kind) for kind in ("off", "on", "keep"))
    assert off.learned(thought) == off.learned(plain) == ["Paris<|im_end|>"]
    assert on.learned(thought) == ["<think>\nhm\n</think>\n\nParis<|im_end|>"]
    assert on.learned(plain) == ["Paris<|im_end|>"], "the empty place for thinking belongs to the prompt"
    assert keep.learned(thought) == on.learned(thought)
    assert keep.learned(plain) == ["<think>\n\n</think>\n\nParis<|im_end|>"], "not thinking is learned too"


def test_a_prompt_that_opens_the_thinking_is_continued_inside_of_it(tmp_path: Path) -> None:
    thought, plain = example("a", "<think>\nhm\n</think>\n\nParis"), example("a", "Paris")
    off, keep = Room(tmp_path / "off", OPENER, "off"), Room(tmp_path / "keep", OPENER, "keep")
    assert off.learned(thought) == off.learned(plain) == ["\n</think>\n\nParis<|im_end|>"]
    assert keep.learned(thought) == ["hm\n</think>\n\nParis<|im_end|>"]


def test_spaces_at_the_start_of_a_turn_stay_where_the_model_has_to_write_them(tmp_path: Path) -> None:
    room = Room(tmp_path / "m", MISTRAL, like_sentencepiece=True)
    conversation = example("capital of France?", "Paris", "and Italy?", "Rome")
    sequences = encode_example(room.format, room.tokenizer, conversation, 10_000)
    assert len(sequences) == 1
    text = render(room.format, [message.as_chat() for message in conversation.messages])
    assert sequences[0].token_ids == room.tokenizer.encode(text), "what a whole rendering makes"
    learned = [one for one, learned in zip(sequences[0].token_ids, sequences[0].learned, strict=True) if learned]
    assert room.tokenizer.decode(learned).split() == ["Paris<|im_end|>", "Rome<|im_end|>"]


def test_where_the_template_writes_no_end_the_end_of_text_is_learned(tmp_path: Path) -> None:
    room = Room(tmp_path / "m", NO_END, eos="<|endoftext|>")
    assert room.format.end_of_turn == ""
    assert room.learned(example("a", "Paris", "b", "Rome")) == ["Paris<|endoftext|>", "Rome<|endoftext|>"]


@pytest.mark.parametrize("name", ["chatml", "plain", "alpaca"])
def test_a_base_without_a_template_learns_its_end_too(tmp_path: Path, name: str) -> None:
    room = Room(tmp_path / "m", None, template_name=name, adds_bos=True)
    assert room.learned(example("a", "Paris", "b", "Rome")) == ["Paris<|im_end|>Rome<|im_end|>"]
    prompt = encode_prompt(room.format, room.tokenizer, [{"role": "user", "content": "a"}])
    assert room.tokenizer.token_text(prompt[0]) == "<|begin|>"


def test_the_cut_is_at_the_end_and_counted(tmp_path: Path) -> None:
    room = Room(tmp_path / "m")
    conversation = example("capital of France?", "Paris is the capital of France")
    whole = encode_example(room.format, room.tokenizer, conversation, 10_000)[0]
    cut = encode_example(room.format, room.tokenizer, conversation, len(whole.token_ids) - 3)[0]
    assert cut.token_ids == whole.token_ids[:-3]
    assert (cut.cut, cut.learned_count) == (3, whole.learned_count - 3)
    nothing = encode_example(room.format, room.tokenizer, conversation, 5)[0]
    assert nothing.learned_count == 0, "the caller can see that nothing is left to learn"


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> list[Room]:
    folder = tmp_path_factory.mktemp("rooms")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCALFT_HOME", str(folder / "home"))
        return [
            Room(folder / "chatml"),
            Room(folder / "off", THINKER, "off"),
            Room(folder / "keep", THINKER, "keep"),
            Room(folder / "opener", OPENER, "keep"),
            Room(folder / "no-end", NO_END, eos="<|endoftext|>"),
            Room(folder / "plain", None, template_name="plain", adds_bos=True),
            Room(folder / "sentencepiece", MISTRAL, like_sentencepiece=True),
        ]


TURN = st.text(alphabet=st.sampled_from(list("ab \n\t:.,é中🙂<>[]/{}\"'#0 ")), min_size=1, max_size=12).filter(
    str.strip
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(texts=st.lists(TURN, min_size=2, max_size=6).filter(lambda texts: len(texts) % 2 == 0))
def test_what_precedes_a_learned_turn_is_what_the_model_is_given(rooms: list[Room], texts: list[str]) -> None:
    conversation = example(*texts)
    chats = [message.as_chat() for message in conversation.messages]
    for room in rooms:
        prompts = [
            encode_prompt(room.format, room.tokenizer, chats[:index])
            for index in range(1, len(chats), 2)
        ]  # fmt: skip
        begun = []
        for one in encode_example(room.format, room.tokenizer, conversation, 10_000):
            starts = [i for i, learned in enumerate(one.learned) if learned and not (i and one.learned[i - 1])]
            begun += [one.token_ids[:start] for start in starts]
        assert begun == prompts


def test_a_tool_call_where_the_template_would_put_it_elsewhere_is_refused(tmp_path: Path) -> None:
    room = Room(tmp_path / "m", OPENER, "off")
    call = Message(role="assistant", content="", tool_calls=({"function": {"name": "look", "arguments": {}}},))
    with pytest.raises(UserError, match="tool call"):
        room.learned(Example(messages=(Message(role="user", content="a"), call)))
