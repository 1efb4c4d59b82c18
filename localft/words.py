"""Numbers as people read them."""


def size(count: float) -> str:
    """Bytes with a sensible unit (decimal, as disks and downloads are sold): 1234567 is "1.2 MB"."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if abs(count) < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def duration(seconds: float) -> str:
    """Seconds as "12 s", "4 min", "2 h 5 min", "3 days"."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours / 24:.0f} days"


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun: "1 example", "1,200 examples"."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def percent(fraction: float) -> str:
    """A fraction as "84 %", or "84.2 %" where the rounding would hide something."""
    value = fraction * 100
    return f"{value:.0f} %" if abs(value - round(value)) < 0.05 else f"{value:.1f} %"


def parameters(count: int) -> str:
    """A number of weights as "0.6 B" or "3 M"."""
    return f"{count / 1e9:.1f} B" if count >= 1e8 else f"{count / 1e6:.1f} M"


def moment(iso: str) -> str:
    """A stored moment (ISO 8601, UTC) in local time, to the minute."""
    from datetime import datetime

    return f"{datetime.fromisoformat(iso).astimezone():%Y-%m-%d %H:%M}"


def is_moment(text: object) -> bool:
    """Whether `moment` can tell it: what stands in a file may have been written by hand."""
    from datetime import datetime

    try:
        return isinstance(text, str) and bool(datetime.fromisoformat(text).astimezone())
    except (ValueError, OverflowError, OSError):
        return False


def rate(per_second: float, unit: str) -> str:
    """Units per second, or per minute where that reads better; bytes with their unit."""
    if unit in {"bytes", "byte", "B"}:
        return f"{size(per_second)}/s"
    if per_second >= 100:
        return f"{per_second:,.0f} {unit}/s"
    if per_second >= 1:
        return f"{per_second:.1f} {unit}/s"
    return f"{per_second * 60:.1f} {unit}/min"


def rounded(value: float, digits: int = 3) -> str:
    """A measurement with `digits` significant digits, without an exponent for everyday sizes: 0.8213 is "0.821"."""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}" if abs(value) >= 1e-3 else f"{value:.{digits - 1}e}"


def p_value(value: float) -> str:
    """The result of a test as papers print it: "p = 0.012", and "p < 0.001" where more digits say no more."""
    return "p < 0.001" if value < 0.001 else f"p = {rounded(value, 2)}"


def memory(count: float) -> str:
    """Bytes of memory in the binary units that cards are sold by: 12 * 2**30 is "12.0 GB"."""
    return f"{count / 2**30:.1f} GB" if count >= 0.1 * 2**30 else f"{count / 2**20:.0f} MB"


def money(amount: float, currency: str) -> str:
    """An amount to the cent: "0.12 €"; what is less than one is said to be."""
    return f"less than 0.01 {currency}" if 0 < amount < 0.01 else f"{amount:,.2f} {currency}"


def clock(iso: str) -> str:
    """A stored moment (ISO 8601, UTC) as the local time of day."""
    from datetime import datetime

    return f"{datetime.fromisoformat(iso).astimezone():%H:%M:%S}"
