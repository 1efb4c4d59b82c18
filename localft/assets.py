"""The one way to the bundled files: the starter model, samples, tables, styles."""

from pathlib import Path

from localft.errors import UserError


def asset(name: str) -> Path:
    """Return the path of a bundled file or folder such as "starter-model".

    A wheel carries them as localft/_assets, a checkout as assets/ beside the package.

    Raises:
        UserError: the installation lacks it.
    """
    package = Path(__file__).resolve().parent
    for root in (package / "_assets", package.parent / "assets"):
        if (root / name).exists():
            return root / name
    raise UserError(f"The bundled file {name} is missing from this installation.", "Install localft again.")
