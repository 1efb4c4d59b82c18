"""Knowledge that changes: prices, dates and news belong into a search (retrieval), not into the weights of a model."""

import re

from localft.data.checks.finding import CheckContext, Finding, Row, percent
from localft.data.checks.looking import RowCheck
from localft.data.texts.signs import Signs, loosened

NAME = "changing knowledge"
# In each language what is asked for, and that it is asked for as it is now.
_CHANGING_BY_LANGUAGE = (
    (
        "price|prices|cost|rate|score|weather|news|stock|version|president|prime minister|chancellor|ceo|mayor|"
        "population|opening hours|schedule",
        r"current(?:ly)?|latest|today'?s?|right now|now|this (?:week|month|year)|as of (?:now|today|20\d\d)",
    ),
    (
        r"preise?s?|kosten|kurs|wetter|nachrichten|version|präsident(?:in)?|bundeskanzler(?:in)?|kanzler(?:in)?|"
        r"einwohner(?:zahl)?|öffnungszeiten|fahrplan|spielstand|zinsen|zinssatz",
        r"aktuell\w*|derzeit\w*|heute|heutige[nrs]?|momentan\w*|zurzeit|im moment|gerade|jetzt|neueste[nrs]?|"
        r"diese (?:woche)|dieses jahr",
    ),
    (
        r"prix|coût|cours|météo|quel temps|actualités|nouvelles|version|présidente?|premier ministre|population|"
        "horaires|score",
        r"actuel\w*|aujourd['’]hui|en ce moment|maintenant|derni(?:er|ère)s?|cette semaine",
    ),
    (
        "precios?|costo|tarifa|clima|tiempo|noticias|versión|presidente|presidenta|población|horarios?|cotización",
        r"actual\w*|hoy|ahora|en este momento|últim[oa]s?|esta semana",
    ),
    (
        "prezzo|prezzi|costo|tempo|meteo|notizie|versione|presidente|popolazione|orari|orario|quotazione",
        r"attual\w*|oggi|adesso|ora|in questo momento|ultim[aoie]|questa settimana",
    ),
    (
        "preços?|custo|cotação|clima|tempo|notícias|versão|presidente|presidenta|população|horários?",
        r"atual\w*|hoje|agora|neste momento|últim[oa]s?|esta semana",
    ),
    (
        "prijs|prijzen|kosten|koers|weer|nieuws|versie|president|premier|bevolking|openingstijden|dienstregeling",
        "huidige?|actuele?|vandaag|nu|op dit moment|nieuwste|laatste|deze week",
    ),
)
_CHANGING = re.compile(
    "|".join(
        rf"\b(?:{now})\b.{{0,60}}\b(?:{subjects})\b|\b(?:{subjects})\b.{{0,60}}\b(?:{now})\b"
        for subjects, now in _CHANGING_BY_LANGUAGE
    ),
    re.IGNORECASE | re.DOTALL,
)
# Beyond the letters of these languages RE2 knows some as letters that Python does not know yet.
_BORDER = r"(?:[^\pL\pN_]|[^\x00-\x{24f}])"
# That it is asked for as it is now, as words of their own: "nu" stands in many.
_SIGNS = Signs(
    rf"(?:^|{_BORDER})(?:" + "|".join(loosened(now) for _, now in _CHANGING_BY_LANGUAGE) + rf")(?:$|{_BORDER})"
)
_MOST = 0.5


class ChangingKnowledge(RowCheck):
    """Where half of the questions ask for what changes, says that fine-tuning is the wrong tool."""

    needs_answers = True

    def seen(self, row: Row) -> str | None:
        """A question that asks for it."""
        question = row.example.prompt[-1].content
        return question if _SIGNS.stand_in(question) and _CHANGING.search(question) else None

    def findings(self, context: CheckContext) -> list[Finding]:
        """One where that is what is mostly asked for."""
        found = self.found
        if found.count < max(10, _MOST * self.total):
            return []
        meaning = (
            f"{percent(found.count, self.total)} of the questions ask for facts that change; a fine-tuned model would "
            "keep giving the old ones."
        )
        advice = "Look the facts up when the question is asked (retrieval), and fine-tune only how the answer is given."
        return [Finding(NAME, "problem", found.count, meaning, found.rows, advice, found.places)]
