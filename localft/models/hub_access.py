"""Asking the Hugging Face hub, for models and datasets alike: what it refuses, and why, in sentences."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal

from localft.errors import UserError, explain

Kind = Literal["model", "dataset"]
TIMEOUT_SECONDS = 15.0
# What helps while the hub is out of reach.
_INSTEAD = {
    "model": "choose a model that is already here, such as `starter`",
    "dataset": "import a file that is already here",
}


def is_offline() -> bool:
    """Tell whether the user has switched the hub off (HF_HUB_OFFLINE)."""
    from huggingface_hub import constants

    return constants.is_offline_mode()


@contextmanager
def explained(reference: str, kind: Kind = "model") -> Generator[None]:
    """Turn the hub client's exceptions into sentences about this model or dataset."""
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError as error:
        raise gated_error(reference, error.server_message or str(error), kind) from error
    except errors.RepositoryNotFoundError as error:
        raise UserError(
            f"There is no {kind} {reference} on the Hugging Face hub, or it is private.",
            f"Check the spelling (owner/name); for a private {kind} log in first: `hf auth login`.",
        ) from error
    except errors.RevisionNotFoundError as error:
        raise UserError(
            f"The {kind} {reference} has no such revision.", "Leave the revision out to use the newest."
        ) from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        raise UserError(
            f"The Hugging Face hub answered with status {status or 'unknown'} when asked for {reference}.",
            "Your token may have expired: run `hf auth login`." if status == 401 else "Try again in a few minutes.",
        ) from error
    except (errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError) as error:
        raise unreachable(reference, kind) from error
    except Exception as error:
        if isinstance(error, UserError):
            raise
        if _is_connection_error(error):
            raise unreachable(reference, kind) from error
        known = explain(error)
        if known is None:
            raise
        raise known from error


def _is_connection_error(error: BaseException) -> bool:
    names = {"TransportError", "ConnectError", "TimeoutException", "NetworkError"}
    return isinstance(error, ConnectionError) or any(kind.__name__ in names for kind in type(error).__mro__)


class Unreachable(UserError):
    """The hub does not answer: what is downloaded can still be used."""


class Gated(UserError):
    """Its owner has not let this person in."""


def unreachable(reference: str, kind: Kind = "model") -> Unreachable:
    """The sentence for what is not here while the hub is out of reach."""
    if is_offline():
        return Unreachable(
            f"The {kind} {reference} is not downloaded, and offline mode is on (HF_HUB_OFFLINE).",
            f"Unset HF_HUB_OFFLINE to download it, or {_INSTEAD[kind]}.",
        )
    return Unreachable(
        f"The {kind} {reference} is not downloaded, and the Hugging Face hub cannot be reached.",
        f"Connect to the internet and try again, or {_INSTEAD[kind]}.",
    )


def gated_error(reference: str, answer: str, kind: Kind = "model") -> Gated:
    """Explain, step by step, how to get into what is gated; `answer` is what the hub said."""
    from huggingface_hub import get_token

    page = f"https://huggingface.co/{'datasets/' if kind == 'dataset' else ''}{reference}"
    if get_token() is None:
        return Gated(
            f"The {kind} {reference} is gated: its owner wants you to accept terms first.",
            f"1. Open {page} in the browser, log in and accept the terms. 2. Make a token with read access at "
            "https://huggingface.co/settings/tokens. 3. Run `hf auth login` and paste it. 4. Try again.",
        )
    if "awaiting" in answer.lower() or "pending" in answer.lower():
        return Gated(
            f"Your request for the gated {kind} {reference} has not been answered yet.",
            f"Its owner grants access by hand; {page} shows how it stands. Try again when it is granted.",
        )
    return Gated(
        f"You are logged in, but your account has no access to the gated {kind} {reference}.",
        f"Open {page} with the same account and accept the terms. If you have done so, make sure that your token may "
        f"read gated {kind}s (https://huggingface.co/settings/tokens). Then try again.",
    )
