"""What llama.cpp says of a GGUF: its token ids, its rendering of the template, its stop tokens, its answers and logits.

Runs as a child only: a file that crashes the engine must end nothing but this process.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from localft.export.child import Report
from localft.export.hard_texts import DECOMPOSED_TEXTS, HARD_TEXTS
from localft.export.pretokenizers import normalizes
from localft.export.tokenizer_files import read_tokenizer_json
from localft.models.chat_format import ChatFormat
from localft.models.rendering import render
from localft.models.tokens import TextTokenizer
from localft.serving.llama_cpp_loading import open_gguf

Conversation = Sequence[dict[str, Any]]


def run(settings: dict[str, Any], report: Report) -> dict[str, Any]:
    """Load a GGUF and look at it from all sides.

    Settings: gguf (path), tokenizer (folder with tokenizer.json), chat_format, conversations (each without its answer),
    answers (how many of them to answer), new_tokens, threads, logits (path of the .npy to write), vocabulary_only.

    Returns:
        tokens, template and stops: what was compared and the first difference; answers: prompt and answer ids, text,
        and whether a stop token ended it; context: the length that the file declares. For a file that does not load,
        only refusal: what llama.cpp says of it.
    """
    import llama_cpp

    chat_format = ChatFormat.model_validate(settings["chat_format"])
    tokenizer = TextTokenizer(Path(settings["tokenizer"]))
    conversations: list[Conversation] = settings["conversations"]
    report(0, 0, "Loading the file in llama.cpp")
    try:
        engine = open_gguf(
            Path(settings["gguf"]), n_ctx=_context(settings, chat_format, tokenizer), n_threads=settings["threads"],
            n_threads_batch=settings["threads"], vocab_only=settings["vocabulary_only"],
            type_k=llama_cpp.GGML_TYPE_F32, type_v=llama_cpp.GGML_TYPE_F32,
        )  # fmt: skip
    except (ValueError, RuntimeError) as error:
        return {"refusal": f"{error}."}
    try:
        composes = normalizes(read_tokenizer_json(Path(settings["tokenizer"])))
        found: dict[str, Any] = {"tokens": _compare_tokens(engine, tokenizer, chat_format, conversations, composes)}
        if settings["vocabulary_only"]:
            return found
        found["template"] = _compare_template(engine, chat_format, conversations)
        found["stops"] = _compare_stops(engine, tokenizer, chat_format)
        found["context"] = engine._model.n_ctx_train()
        found["answers"] = _answer(engine, tokenizer, chat_format, settings, report)
        return found
    finally:
        # llama-cpp-python fails at the end of the interpreter if a model is still open.
        engine.close()


def _context(settings: dict[str, Any], chat_format: ChatFormat, tokenizer: TextTokenizer) -> int:
    prompts = [render(chat_format, one, add_generation_prompt=True) for one in settings["conversations"]]
    longest = max((len(tokenizer.encode(prompt)) for prompt in prompts[: settings["answers"]]), default=0)
    return max(512, longest + settings["new_tokens"] + 8)


def _ids(engine: Any, text: str) -> list[int]:
    return engine.tokenize(text.encode("utf-8"), add_bos=False, special=True)


def _compare_tokens(
    engine: Any,
    tokenizer: TextTokenizer,
    chat_format: ChatFormat,
    conversations: Sequence[Conversation],
    composes: bool,
) -> dict[str, Any]:
    """Compare token ids of hard texts and of the run's own prompts.

    A tokenizer that composes characters leads a life of its own on decomposed text, so those texts are compared
    composed, and counted apart as they are.
    """
    import unicodedata

    prompts = [render(chat_format, one, add_generation_prompt=True) for one in conversations]
    texts = [*HARD_TEXTS, *prompts]
    compared = [unicodedata.normalize("NFC", text) if composes else text for text in texts]
    different = [text for text in compared if _ids(engine, text) != tokenizer.encode(text)]
    decomposed = [*DECOMPOSED_TEXTS, *(text for text, same in zip(texts, compared, strict=True) if text != same)]
    return {
        "texts": len(HARD_TEXTS),
        "prompts": len(prompts),
        "different_texts": sum(text in different for text in compared[: len(HARD_TEXTS)]),
        "different_prompts": sum(text in different for text in compared[len(HARD_TEXTS) :]),
        "first": _difference(engine, tokenizer, different[0]) if different else "",
        "different_decomposed": sum(_ids(engine, text) != tokenizer.encode(text) for text in decomposed),
    }


def _difference(engine: Any, tokenizer: TextTokenizer, text: str) -> str:
    theirs, ours = _ids(engine, text), tokenizer.encode(text)
    place = next((i for i, pair in enumerate(zip(theirs, ours, strict=False)) if pair[0] != pair[1]), 0)
    start = max(0, place - 2)
    return f"{text[:60]!r}: {theirs[start : place + 3]} instead of {ours[start : place + 3]} at token {place}"


def _compare_template(engine: Any, chat_format: ChatFormat, conversations: Sequence[Conversation]) -> dict[str, Any]:
    """Compare what the file's own template makes of conversations with what the run was trained on."""
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    template = engine.metadata.get("tokenizer.chat_template")
    if not template:
        return {"conversations": 0, "different": 0, "first": "the file has no chat template"}
    formatter: Any = Jinja2ChatFormatter(
        template, _text_of(engine, engine.token_eos()), _text_of(engine, engine.token_bos())
    )
    different = []
    for one in conversations:
        theirs, ours = formatter(messages=list(one)).prompt, render(chat_format, one, add_generation_prompt=True)
        if theirs != ours:
            different.append(f"{theirs[:200]!r} instead of {ours[:200]!r}")
    return {"conversations": len(conversations), "different": len(different), "first": (different or [""])[0]}


def _text_of(engine: Any, token_id: int) -> str:
    return engine._model.token_get_text(token_id) if token_id >= 0 else ""


def _compare_stops(engine: Any, tokenizer: TextTokenizer, chat_format: ChatFormat) -> dict[str, Any]:
    import llama_cpp

    vocabulary = llama_cpp.llama_model_get_vocab(engine.model)
    ids = {text: tokenizer.token_id(text) for text in chat_format.stop_tokens}
    ending = [text for text, one in ids.items() if one is not None and llama_cpp.llama_vocab_is_eog(vocabulary, one)]
    return {"stops": list(ids), "ending": ending}


def _answer(
    engine: Any, tokenizer: TextTokenizer, chat_format: ChatFormat, settings: dict[str, Any], report: Report
) -> list[dict[str, Any]]:
    """Greedy answers, with the logits of each step: float32 [steps of all answers, vocabulary] in the .npy file."""
    import numpy

    stops = {tokenizer.token_id(text) for text in chat_format.stop_tokens} - {None}
    answers, rows = [], []
    questions = settings["conversations"][: settings["answers"]]
    for index, one in enumerate(questions):
        report(index, len(questions), "Asking the file")
        prompt = tokenizer.encode(render(chat_format, one, add_generation_prompt=True))
        answer: list[int] = []
        engine.reset()
        engine.eval(prompt)
        while len(answer) < settings["new_tokens"]:
            logits = _last_logits(engine)
            rows.append(logits)
            answer.append(int(logits.argmax()))
            if answer[-1] in stops:
                break
            engine.eval(answer[-1:])
        ended = bool(answer) and answer[-1] in stops
        text = tokenizer.decode(answer[:-1] if ended else answer, keep_special=False)
        answers.append({"prompt": prompt, "answer": answer, "text": text, "ended": ended})
    numpy.save(settings["logits"], numpy.stack(rows) if rows else numpy.zeros((0, 0), numpy.float32))
    return answers


def _last_logits(engine: Any) -> Any:
    import llama_cpp
    import numpy

    pointer = llama_cpp.llama_get_logits_ith(engine.ctx, -1)
    return numpy.ctypeslib.as_array(pointer, shape=(engine.n_vocab(),)).copy()
