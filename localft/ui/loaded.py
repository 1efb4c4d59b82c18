"""The models that the chats of this app keep loaded."""

import threading
from pathlib import Path

from localft import jobs
from localft.serving.service import Service


class Loaded:
    """Remembers which services the chats have used, to let them go when the app closes.

    Whoever closes the app wants the card for other things; a service for others (`localft serve`) stays.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folders: set[Path] = set()

    def remember(self, service: Service) -> Service:
        """Note a service, and return it."""
        with self._lock:
            self._folders.add(service.folder)
        return service

    def let_go(self) -> None:
        """Ask every noted service that stays for convenience only to end; return at once."""
        with self._lock:
            folders, self._folders = self._folders, set()
        for folder in folders:
            job = jobs.read(folder) if (folder / "job.json").exists() else None
            if job is not None and job.state.alive and job.order.settings.get("idle_minutes"):
                jobs.request_stop(folder)
