"""A worker that is killed as Linux does when memory runs out, and knows no way to do with less."""

from tests.hungry_worker import run

__all__ = ["run"]
