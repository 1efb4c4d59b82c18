"""Where keys, tokens and passwords stand in a text: by their own form, or by the name that stands before them."""

import re
from collections.abc import Iterator

from localft.data.texts.signs import Signs

_FORMS = (
    # Short words between hyphens are the name of something.
    r"sk-(?=[A-Za-z0-9_-]*[A-Za-z0-9_]{16})[A-Za-z0-9_-]{20,}",
    r"hf_[A-Za-z0-9]{30,}",
    r"gh[pousr]_[A-Za-z0-9]{30,}",
    r"github_pat_[A-Za-z0-9_]{22,}",
    r"glpat-[A-Za-z0-9_-]{20,}",
    r"[rs]k_(?:live|test)_[A-Za-z0-9]{10,}",
    r"npm_[A-Za-z0-9]{30,}",
    r"A[KS]IA[0-9A-Z]{16}",
    r"xox[abeprs]-[A-Za-z0-9_-]{20,}",
    r"AIza[A-Za-z0-9_-]{30,}",
    r"gsk_[A-Za-z0-9]{40,}",
    r"xai-[A-Za-z0-9]{40,}",
    r"r8_[A-Za-z0-9]{30,}",
    r"ya29\.[A-Za-z0-9_-]{30,}",
    r"GOCSPX-[A-Za-z0-9_-]{20,}",
    r"SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,}",
    # Bots of Telegram and of Discord, and addresses at which whoever knows them may write.
    r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",
    r"[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}",
    r"hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{20,}",
    r"discord(?:app)?\.com/api/webhooks/[0-9]{15,}/[A-Za-z0-9_-]{50,}",
)
# Three parts in base64. What may stand in one never stands before it, so that each run of letters is read once.
_JWT = r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"
# All up to its last line; where that is missing, what is written as a key is. A line may end in the "\n" of JSON.
_BEGIN = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_TO_THE_END = r"[^-]*(?:-(?!----)[^-]*)*-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_LINE_END = r"(?:[\s>]|\\[nrt])"
_LINES = (
    rf"(?:{_LINE_END}{{1,40}}[A-Za-z-]{{2,30}}: [^\r\n]{{0,200}})*(?:{_LINE_END}{{0,40}}[A-Za-z0-9+/]{{30,}}={{0,2}})*"
    # The last line is shorter, and stands alone.
    rf"(?:{_LINE_END}{{1,40}}(?=[A-Za-z+/]{{0,76}}[0-9=])[A-Za-z0-9+/]{{4,76}}={{0,2}}(?![^\s\\]))?"
)
# `DB_PASSWORD=`, `"apiKey": "`, `**Password:** `. None of what stands before the name counts.
_PASSWORD_NAME = (
    r"(?:passwor[dt]|passwd|passphrase|pwd|kennwort|mot de passe|contrase(?:ñ|n)a"
    r"|[Пп]ароль|密码|密碼|パスワード|비밀번호)"
)
_NAME = (
    rf"(?:{_PASSWORD_NAME}|secret(?:[_ -]?(?:access[_ -]?)?key)?"
    r"|(?:api|account)[_ -]?(?:key|secret|token)|(?:access|auth|refresh)[_ -]?(?:key|token)|private[_ -]?key)"
)
_IS = r"(?:[\"'`*_]|\\[\"']){0,3}[ \t]{0,3}(?::=|=>|[:=：])[*_]{0,2}[ \t]{0,3}"
_QUOTED = r"\\?\"([^\"\\\s]{8,})\\?\"|\\?'([^'\\\s]{8,})\\?'|`([^`\s]{8,})`"
_BARE = r"[^\s\"'`<>\[\](){},;|\\]"
# "My password is abc12345", in a sentence.
_SAID = rf"{_PASSWORD_NAME}[\"'`*_]{{0,3}} (?:is|ist|lautet|est|es)(?: now| jetzt)?:? [\"'`*_]{{0,3}}"
# `://user:password@`, whatever is connected to.
_USER = r"://[^\s/@:\"'<>]{0,64}:"
_PASSWORD = r"[^\s/\"'<>`]"

# At most one group takes part: it has what is secret, where that is not all of it.
PATTERN = re.compile(
    rf"\b(?:{'|'.join(_FORMS)})\b|{_JWT}|{_BEGIN}(?:{_TO_THE_END}|{_LINES})"
    rf"|(?ai:{_NAME}){_IS}(?:{_QUOTED}|({_BARE}{{8,200}}))"
    rf"|\b(?ai:bearer) {{1,3}}([A-Za-z0-9._~+/-]{{20,}}={{0,2}})"
    rf"|{_USER}({_PASSWORD}{{3,200}})@"
    rf"|(?ai:{_SAID})({_BARE}{{8,200}})"
)
SIGNS = Signs(
    "sk-", "hf_", "gh[pousr]_", "github_pat_", "glpat-", "[rs]k_(?:live|test)_", "npm_", "A[KS]IA", "xox[abeprs]-",
    "AIza", r"eyJ[A-Za-z0-9_-]{10}", "-----BEGIN ", rf"(?i:{_NAME}){_IS}", "(?i:bearer) {1,3}[A-Za-z0-9._~+/-]{20}",
    r"://[^\s/]*@", "gsk_", "xai-", "r8_", r"ya29\.", "GOCSPX-", r"SG\.", "[0-9]{8}:AA", rf"(?i:{_SAID})",
    r"\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}", "hooks[.]slack", "/api/webhooks/", in_any_case=False,
)  # fmt: skip

_BARE_GROUP, _BEARER_GROUP, _USER_GROUP, _SAID_GROUP = 4, 5, 6, 7
_ENDS_A_SENTENCE = ".:?*_"
_REST = re.compile(f"{_BARE}*")
_MANY = re.compile(r"(?i)(.)\1*")
# Words of which stand-ins are made: YOUR_API_KEY, changeme. They can be read in one way only, so this ends soon.
_WORDS = re.compile(
    r"(?ai)(?:(?:your|my|the|some|new|example|sample|dummy|test|fake|placeholder|insert|enter|change|me|redacted|pass"
    r"|password|passwort|passwd|pwd|secret|token|user|username|api|key|access|here|hidden|removed|required|optional"
    r"|undefined|incorrect|invalid|forgotten|string|none|null)[ _.-]?){1,8}"
)
_FILLED_IN_LATER = re.compile(r"[\[<({]|\$[A-Za-z_{(]|%[sd({]|%\w+%|\*\*|(?:\w+\.)*(?:environ|getenv|env)\b|https?:")
_CALLED = re.compile(r"[A-Za-z_][\w.]*[(\[]")


def places(text: str) -> Iterator[tuple[int, int]]:
    """Where secrets begin and end."""
    start = 0
    while match := PATTERN.search(text, start):
        group = match.lastindex or 0
        begin, end = match.span(group)
        if group and not _looks_secret(text, begin, end, group):
            # What was taken for a secret may be a name before one.
            start = begin
            continue
        if group in {_BARE_GROUP, _SAID_GROUP}:
            end = _end_of_bare(text, begin, end)
        yield begin, end
        start = max(end, match.end())


def _end_of_bare(text: str, begin: int, end: int) -> int:
    """Where a value without quotes ends: before the mark that ends its sentence."""
    rest = _REST.match(text, end)
    end = rest.end() if rest else end
    while end > begin and text[end - 1] in _ENDS_A_SENTENCE:
        end -= 1
    return end


def _looks_secret(text: str, begin: int, end: int, group: int) -> bool:
    """Whether what stands beside a name is a secret, and neither a word of the talk nor what stands for one."""
    value = text[begin:end].rstrip(_ENDS_A_SENTENCE if group in {_BARE_GROUP, _SAID_GROUP} else None)
    if _FILLED_IN_LATER.match(value) or _WORDS.fullmatch(value) or _MANY.fullmatch(value):
        return False
    if group not in {_BARE_GROUP, _BEARER_GROUP, _SAID_GROUP}:
        return True
    has_both = any(one.isdigit() for one in value) and any(one.isalpha() for one in value)
    return len(value) >= 8 and has_both and not _CALLED.match(text, begin)
