"""The clock of a job stands still while the computer sleeps."""

import time

import pytest

from localft.jobs import awake
from localft.jobs.awake import WorkingClock, kept_awake, moment


class FakeTime:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def test_work_is_counted_and_sleep_is_not() -> None:
    read = FakeTime()
    clock = WorkingClock(read)
    clock.beat()
    begin = clock.now()
    for _ in range(90):
        read.seconds += 1
        clock.beat()
    assert clock.now() - begin == 90
    read.seconds += 3_600
    assert clock.now() - begin == 90
    assert clock.absent == 3_600
    read.seconds += 1
    clock.beat()
    assert clock.now() - begin == 91


def test_each_absence_is_counted_once_whoever_looks_first() -> None:
    read = FakeTime()
    clock = WorkingClock(read)
    clock.beat()
    for _ in range(3):
        read.seconds += 500
        clock.now()
        clock.beat()
        clock.now()
    assert clock.absent == 1_500


def test_a_short_pause_is_work() -> None:
    read = FakeTime()
    clock = WorkingClock(read)
    clock.beat()
    begin = clock.now()
    read.seconds += 59
    assert clock.now() - begin == 59
    assert clock.absent == 0


def test_without_its_thread_it_is_a_plain_clock() -> None:
    read = FakeTime()
    clock = WorkingClock(read)
    begin = clock.now()
    read.seconds += 10_000
    assert clock.now() - begin == 10_000


def test_its_thread_tells_a_long_step_from_an_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awake, "_ABSENT_SECONDS", 0.5)
    monkeypatch.setattr(awake, "_BEAT_SECONDS", 0.02)
    clock = WorkingClock()
    with clock.beating():
        begin, real = clock.now(), moment()
        time.sleep(0.8)
        assert clock.absent == 0
        assert clock.now() - begin == pytest.approx(moment() - real, abs=0.2)


def test_a_computer_that_cannot_be_kept_awake_works_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    with kept_awake():
        assert moment() > 0
