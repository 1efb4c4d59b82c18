"""The job that has a model write examples; killed at any time, it goes on where it was."""

import os
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from localft.errors import Stopped, UserError
from localft.jobs import JobContext
from localft.serving.endpoint import Sampling
from localft.store.projects import open_project
from localft.synthesis.calls import CALLS, Call, CallLog, Order, state_of
from localft.synthesis.passages import Passage
from localft.synthesis.settings import SynthesisSettings
from localft.synthesis.sifting import sift
from localft.synthesis.speaking import Refused, Speaker
from localft.synthesis.syntheses import DESIGN, OUTCOME, Design, read_passages
from localft.synthesis.writers import KEY_VARIABLE

_POLL_SECONDS = 0.3
# So many refusals without one answer: it is not the passages' fault.
_REFUSALS = 3
_LONGEST_REPLY, _LONGEST_JUDGEMENT = 4_096, 512
# Answers that are nearly there are waited for; a server that hangs is not.
_PATIENCE_SECONDS = 20.0


def run(context: JobContext) -> dict[str, Any]:
    """Ask about every passage what has not been answered yet, and write outcome.json.

    Raises:
        UserError: the model cannot be asked, or refuses everything.
        Stopped: on request; every reply so far is kept.
    """
    design = Design.load(context.folder / DESIGN)
    project = open_project(design.project)
    # Taken out, so that no process that this one starts has it too.
    key = os.environ.pop(KEY_VARIABLE, "") if design.writer.url else ""
    passages = read_passages(context.folder)
    writing = _Writing(context, design.settings, passages)
    speaker = Speaker(project, design.writer, key, context.stop_requested, writing.tell)
    try:
        writing.ask_all(speaker, design.writer.at_once)
    finally:
        speaker.close()
    context.progress(len(passages), len(passages), "passages", "Looking for duplicates", at_once=True)
    outcome = sift(project, design.settings, passages, writing.log)
    outcome.save(context.folder / OUTCOME)
    return {"message": outcome.sentence, "accepted": len(outcome.accepted), "rejected": len(outcome.rejected)}


class _Writing:
    """The passages, and the threads that ask about them. Only the log is shared, and it is locked."""

    def __init__(self, context: JobContext, settings: SynthesisSettings, passages: Sequence[Passage]) -> None:
        self.log = CallLog(context.folder / CALLS)
        if all(call.refused for call in self.log.all):
            # The last attempt ended with that; what was wrong may have been mended.
            (context.folder / CALLS).unlink(missing_ok=True)
            self.log = CallLog(context.folder / CALLS)
        self._context = context
        self._settings = settings
        self._passages = passages
        self._ending = threading.Event()
        self._results: queue.Queue[Passage | Exception | str | None] = queue.Queue()
        self._good, self._bad = 0, 0

    def tell(self, sentence: str) -> None:
        """Say why one waits; called by any thread."""
        self._results.put(sentence)

    def ask_all(self, speaker: Speaker, at_once: int) -> None:
        """Ask until every passage is finished.

        Raises:
            UserError, Stopped: as `run`.
        """
        open_ones = []
        for passage in self._passages:
            if state_of(self._settings, passage, self.log.of(passage)).order is None:
                self._count(passage)
            else:
                open_ones.append(passage)
        done = len(self._passages) - len(open_ones)
        self._report(done)
        waiting = iter(open_ones)
        lock = threading.Lock()
        # Not a pool: its threads would be waited for at the end, and one that hangs would keep the process.
        threads = min(at_once, len(open_ones))
        for _ in range(threads):
            threading.Thread(target=self._work, args=(waiting, lock, speaker), daemon=True).start()
        self._collect(done, threads)

    def _collect(self, done: int, threads: int) -> None:
        """Report what the threads have done until all of them have ended; raise what has ended the first one."""
        failure: Exception | None = None
        deadline, said = 0.0, ""
        while threads:
            if deadline and time.monotonic() > deadline:
                raise failure or Stopped
            if not deadline and (failure is not None or self._context.stop_requested()):
                deadline = time.monotonic() + _PATIENCE_SECONDS
            try:
                told = self._results.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            if isinstance(told, str):
                self._context.progress(done, len(self._passages), "passages", told, at_once=told != said)
                said = told
            elif isinstance(told, Passage):
                done += 1
                self._count(told)
                self._report(done)
            else:
                threads -= 1
                # Why one has failed says more than that the others were stopped for it; one that has done all, nothing.
                if told is not None and (failure is None or isinstance(failure, Stopped)):
                    failure = told
        if failure is not None:
            raise failure

    def _work(self, waiting: Iterator[Passage], lock: threading.Lock, speaker: Speaker) -> None:
        """Finish passages until none is left; the last thing told is why this thread ends."""
        failure: Exception | None = None
        while failure is None:
            with lock:
                passage = next(waiting, None)
            if passage is None:
                break
            try:
                self._finish(passage, speaker)
            except Exception as error:  # noqa: BLE001 - the main thread raises it again
                self._ending.set()
                failure = error
            else:
                self._results.put(passage)
        self._results.put(failure)

    def _finish(self, passage: Passage, speaker: Speaker) -> None:
        """Ask about one passage until nothing is left to ask."""
        while (order := state_of(self._settings, passage, self.log.of(passage)).order) is not None:
            if self._ending.is_set() or self._context.stop_requested():
                raise Stopped
            self.log.write(self._asked(order, speaker))
            self._raise_if_all_refused()

    def _asked(self, order: Order, speaker: Speaker) -> Call:
        call = Call(passage=order.passage, purpose=order.purpose, item=order.item)
        try:
            answer = speaker.ask(order.messages, self._sampling(order.purpose == "judge"))
        except Refused as refused:
            return call.model_copy(update={"refused": str(refused)})
        answered = {
            "text": answer.text,
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.completion_tokens,
            "seconds": answer.seconds,
            "finish": answer.finish,
        }
        return call.model_copy(update=answered)

    def _sampling(self, judging: bool) -> Sampling:
        if judging:
            return Sampling(temperature=0.0, max_tokens=_LONGEST_JUDGEMENT)
        return Sampling(temperature=self._settings.temperature, max_tokens=_LONGEST_REPLY)

    def _raise_if_all_refused(self) -> None:
        calls = self.log.all
        refused = [call.refused for call in calls if call.refused]
        if len(refused) >= min(_REFUSALS, len(self._passages)) and len(refused) == len(calls):
            raise UserError(f"The model refuses every question. {refused[-1]}", "Check its name, or choose another.")

    def _count(self, passage: Passage) -> None:
        candidates = state_of(self._settings, passage, self.log.of(passage)).candidates
        good = sum(not one.fault for one in candidates)
        self._good, self._bad = self._good + good, self._bad + len(candidates) - good

    def _report(self, done: int) -> None:
        message = f"Writing examples, {self._good:,} good so far, {self._bad:,} rejected"
        self._context.progress(done, len(self._passages), "passages", message, at_once=True)
