"""What the crash suite draws from its seed."""

from collections import Counter

from newswatch_core.services import ORDER
from tests.crash.plan import BROKER, DATABASE, Draft, Scale, draw_faults, draw_outages

SCALE = Scale(rounds=10, feeds=40, events=20, stand=5, wire=8)


def test_the_same_seed_draws_the_same_and_another_does_not():
    assert draw_faults(1, 50) == draw_faults(1, 50) != draw_faults(2, 50)
    assert Draft(1, SCALE).slot(3) == Draft(1, SCALE).slot(3) != Draft(2, SCALE).slot(3)


def test_every_service_is_struck_and_every_kind_of_fault_occurs():
    for kills in (10, 300):
        faults = draw_faults(1, kills)
        assert len(faults) == kills
        assert {fault.target for fault in faults} == {*ORDER, BROKER, DATABASE}
        assert {fault.how for fault in faults} == {"KILL", "TERM", "STOP"}


def test_a_tenth_of_the_services_faults_are_freezes():
    hows = Counter(fault.how for fault in draw_faults(1, 300) if fault.target in ORDER)
    assert hows["STOP"] == 27


def test_one_of_the_outages_is_the_longest():
    faults = draw_outages(1, 20, longest=120)
    assert {fault.target for fault in faults} == {BROKER}
    assert sorted(fault.seconds >= 120 for fault in faults) == [False] * 19 + [True]


def test_every_event_and_its_copy_are_published_once():
    draft = Draft(1, SCALE)
    for scale in (SCALE, Scale(rounds=10, feeds=40, events=20, stand=0, wire=8)):
        draft = Draft(1, scale)
        slots = [draft.slot(number) for number in range(scale.rounds + 1)]
        pieces = [piece for slot in slots for piece in [*(piece for _, piece in slot.stand), *slot.wire]]
        told = Counter(piece.land for piece in pieces if piece.land)
        assert told == {event.land: 2 for event in draft.events}
        assert len({piece.text for piece in pieces}) == len(pieces)
