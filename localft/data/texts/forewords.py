"""What stands around a question and asks nothing: "Please answer the question:" before, "Answer briefly." after it."""

from collections.abc import Iterable, Mapping

from localft.data.texts.normalising import words_in

_BEFORE = (
    "Q", "Question", "The question is", "My question is", "Here is a question", "Here is my question",
    "Here is the question", "I have a question", "Quick question", "A question", "Answer", "Answer this",
    "Answer the question", "Answer this question", "Answer the following", "Answer the following question",
    "Answer the question below", "Answer my question", "Please answer", "Please answer this",
    "Please answer the question",
    "Please answer this question", "Please answer the following", "Please answer the following question",
    "Please answer the question below", "Please answer my question", "Can you answer this",
    "Can you answer this question",
    "Can you please answer", "Could you answer this", "Could you answer this question", "Could you please answer",
    "Respond to the question", "Respond to the following question", "Reply to the question", "Tell me",
    "Please tell me", "Can you tell me", "Could you tell me", "User", "Human", "Prompt", "Instruction",
    "Hi", "Hi there",
    "Hello", "Hello there", "Hey", "Please",
    "Frage", "Die Frage lautet", "Beantworte", "Beantworte die Frage", "Beantworte diese Frage",
    "Beantworte die folgende Frage", "Beantworte bitte die Frage", "Beantworte bitte die folgende Frage",
    "Bitte beantworte", "Bitte beantworte die Frage", "Bitte beantworte die folgende Frage",
    "Beantworten Sie die Frage", "Beantworten Sie die folgende Frage", "Bitte beantworten Sie die folgende Frage",
    "Hallo", "Bitte",
    "Réponds à la question", "Réponds à la question suivante", "Répondez à la question",
    "Répondez à la question suivante", "Bonjour", "Pregunta", "Responde a la pregunta", "Responde la pregunta",
    "Responde a la siguiente pregunta", "Responde la siguiente pregunta", "Hola", "Domanda", "Rispondi alla domanda",
    "Rispondi alla seguente domanda", "Ciao", "Pergunta", "Responda à pergunta", "Responda à seguinte pergunta", "Olá",
    "问", "问题", "请回答", "请回答问题", "请回答以下问题", "请回答下面的问题", "質問", "次の質問に答えてください",
)  # fmt: skip
_AFTER = (
    "Answer briefly", "Please answer briefly", "Answer shortly", "Answer concisely", "Please answer concisely",
    "Answer in one sentence", "Please answer in one sentence", "Answer in one word", "Answer in a few words",
    "Answer in a sentence", "Answer in short", "Answer in detail", "Give a short answer", "Give a brief answer",
    "Reply briefly", "Respond briefly", "Be brief", "Be concise", "Please be brief", "Please be concise",
    "Keep it short", "Keep it brief", "Explain your answer", "Think step by step", "Let's think step by step",
    "Please", "Thanks", "Thank you", "Many thanks", "Thanks in advance", "Thank you in advance", "Answer",
    "Your answer",
    "Antworte kurz", "Bitte antworte kurz", "Antworte in einem Satz", "Antworten Sie kurz", "Bitte antworten Sie kurz",
    "Antwort", "Bitte", "Danke", "Vielen Dank", "Réponds brièvement", "Répondez brièvement", "Réponse", "Merci",
    "Responde brevemente", "Respuesta", "Gracias", "Rispondi brevemente", "Risposta", "Grazie", "Responda brevemente",
    "Resposta", "Obrigado", "答", "请简短回答", "请简要回答", "谢谢", "短く答えてください",
)  # fmt: skip
# "Hello. Please answer the question. Q: ..."
_MOST = 4


def without_forewords(said: str) -> str:
    """The words of a question, as `words_in` has them, without what stands around it; of nothing else, all of them."""
    bare = said
    for _ in range(_MOST):
        shorter = _without_first(bare)
        if shorter == bare:
            break
        bare = shorter
    # "Q: ... A:"
    if bare != said and bare.endswith(" a") and said.startswith(("q ", "question ")):
        bare = bare.removesuffix(" a")
    for _ in range(_MOST):
        shorter = _without_last(bare)
        if shorter == bare:
            break
        bare = shorter
    return bare


def _without_first(said: str) -> str:
    for words in _BY_FIRST.get(said.partition(" ")[0], ()):
        if said.startswith(words):
            return said[len(words) :]
    return said


def _without_last(said: str) -> str:
    for words in _BY_LAST.get(said.rpartition(" ")[2], ()):
        if said.endswith(words):
            return said[: -len(words)]
    return said


def _by(place: int, texts: Iterable[str]) -> Mapping[str, list[str]]:
    """The words of texts by the first or the last of them, the longest first."""
    found: dict[str, list[str]] = {}
    for words in sorted({words_in(text) for text in texts}, key=len, reverse=True):
        found.setdefault(words.split()[place], []).append(words)
    return found


# With the space between them and the question, so that something is left of it.
_BY_FIRST = {first: [f"{words} " for words in several] for first, several in _by(0, _BEFORE).items()}
_BY_LAST = {last: [f" {words}" for words in several] for last, several in _by(-1, _AFTER).items()}
