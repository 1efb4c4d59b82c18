"""In which language a text is written, told without a network from 140 languages that py3langid knows."""

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

NAMES: Mapping[str, str] = {
    "af": "Afrikaans", "am": "Amharic", "ar": "Arabic", "az": "Azerbaijani", "be": "Belarusian", "bg": "Bulgarian",
    "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "eo": "Esperanto", "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "ga": "Irish", "gl": "Galician", "gu": "Gujarati", "he": "Hebrew", "hi": "Hindi",
    "hr": "Croatian, Bosnian or Serbian", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian or Malay",
    "is": "Icelandic", "it": "Italian", "ja": "Japanese", "ka": "Georgian", "kk": "Kazakh", "km": "Khmer",
    "kn": "Kannada", "ko": "Korean", "lo": "Lao", "lt": "Lithuanian", "lv": "Latvian", "mk": "Macedonian",
    "ml": "Malayalam", "mn": "Mongolian", "mr": "Marathi", "my": "Burmese", "ne": "Nepali", "nl": "Dutch",
    "no": "Norwegian", "pa": "Punjabi", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian",
    "si": "Sinhala", "sk": "Slovak", "sl": "Slovenian", "so": "Somali", "sq": "Albanian", "sv": "Swedish",
    "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "th": "Thai", "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian",
    "ur": "Urdu", "uz": "Uzbek", "vi": "Vietnamese", "zh": "Chinese", "zu": "Zulu",
}  # fmt: skip
"""By ISO 639 code: languages that are told apart with confidence, those that a few words do not tell apart together."""

_SAME: Mapping[str, str] = {
    "bs": "hr", "sr": "hr", "ms": "id", "nn": "no", "wuu": "zh", "yue": "zh", "arz": "ar", "ary": "ar", "an": "es",
    "ext": "es",
}  # fmt: skip
_SURE = 0.75
_LONGEST = 160
# Code, addresses and marks are written in no language.
_NOT_SAID = re.compile(
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`|https?://\S+|\S+@\S+|[<{\[][^>}\]\n]{0,200}[>}\]]", re.DOTALL
)
_FEWEST_LETTERS = 6


def language_of(text: str) -> str:
    """The ISO 639 code of the language that a text begins in; "" where it is too short to tell, or not in `NAMES`."""
    said = _NOT_SAID.sub(" ", text[: 6 * _LONGEST])
    said = " ".join(said.split())[:_LONGEST]
    if sum(map(str.isalpha, said)) < _fewest_letters(said):
        return ""
    code, probability = _identifier().classify(said)
    code = _SAME.get(code, code)
    return code if probability >= _SURE and code in NAMES else ""


def _fewest_letters(text: str) -> int:
    """A sign of Chinese, Japanese or Korean says as much as several letters."""
    return _FEWEST_LETTERS if text.isascii() or ord(max(text)) < 0x2E80 else 2


@cache
def _identifier() -> "LanguageIdentifier":
    """Its table takes a second to be unpacked, so only where it is asked."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
