"""Look at this computer and say what is well, what is not, and which command mends it.

Nothing is changed, torch is not imported, and the only question over the network goes to the Ollama of this computer.
"""

from localft.doctor.checks import Finding, Severity, findings, worst
from localft.doctor.facts import Facts, read_facts

__all__ = ["Facts", "Finding", "Severity", "examine", "findings", "read_facts", "worst"]


def examine() -> list[Finding]:
    """Return everything worth knowing about this computer, in the order in which one would ask."""
    return findings(read_facts())
