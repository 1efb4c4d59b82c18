"""The marks with which people begin a question or an answer on a line: "Q:", "Question 3:", "2. A)", "Antwort:"."""

import re

_ASKS = (
    "q", "question", "frage", "pregunta", "pergunta", "domanda", "vraag", "fråga", "spørgsmål", "pytanie", "otázka",
    "вопрос", "питання", "soru", "问题", "問題", "質問", "질문",
)  # fmt: skip
_ANSWERS = (
    "a", "answer", "r", "antwort", "réponse", "reponse", "respuesta", "resposta", "risposta", "antwoord", "svar",
    "odpowiedź", "odpověď", "ответ", "відповідь", "cevap", "答案", "回答", "答え", "답변",
)  # fmt: skip
MARK = re.compile(
    rf"\s*(?:\d+[.)]\s*)?(?:\*\*)?(?:(?P<asks>{'|'.join(_ASKS)})|(?:{'|'.join(_ANSWERS)}))\s*\d*\s*"
    # In bold too, as Markdown has it; behind the wide colon stands no space.
    r"(?:(?P<sign>[:)])(?:\*\*)?(?:\s+|$)|：(?:\*\*)?\s*)",
    re.IGNORECASE,
)
