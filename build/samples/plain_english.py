"""Officialese and the same in plain words, as Alpaca records."""

import random
import re

from samples.tables import blocks, slots

INSTRUCTION = "Rewrite in plain English."

# The stilted sentence and the plain one; the slots are the same in both.
PAIRS = blocks(
    """
    In the event that {thing} is not received by {day}, kindly contact {office}.
    If you have not got {thing} by {day}, please call {office}.

    Applicants are required to furnish {thing} prior to {day}.
    Please give us {thing} before {day}.

    It is incumbent upon the tenant to notify {office} of any {trouble}.
    If there is {trouble}, tell {office}.

    Due to the fact that {trouble} was reported, {office} will be closed on {day}.
    {office} is closed on {day} because of {trouble}.

    {office} is not in a position to process {thing} at this point in time.
    {office} cannot deal with {thing} now.

    Please be advised that {thing} has been forwarded to {office} for further consideration.
    We have sent {thing} to {office}.

    Payment of {sum} shall be effected no later than {day}.
    Pay {sum} by {day}.

    Failure to submit {thing} may result in a charge of {sum}.
    If you do not send {thing}, you may have to pay {sum}.

    A reduction in the amount of {sum} will be applied subsequent to receipt of {thing}.
    Once we have {thing}, you pay {sum} less.

    Residents are requested to refrain from {act} after the hour of {hour}.
    Please stop {act} after {hour}.

    The utilisation of this room for the purpose of {act} is prohibited.
    No {act} in this room.

    Should you be desirous of {act}, prior authorisation must be obtained from {office}.
    If you want to start {act}, ask {office} first.

    With reference to {thing}, we regret to inform you that it was found to be incomplete.
    Sorry, {thing} is not complete.

    {office} endeavours to respond to all enquiries within a period of {time}.
    {office} tries to answer within {time}.

    The commencement of {event} has been deferred until {day}.
    {event} now starts on {day}.

    Participation in {event} is contingent upon payment of {sum}.
    To take part in {event} you have to pay {sum}.

    Individuals in possession of {thing} are exempt from the fee of {sum}.
    If you have {thing}, you do not pay the {sum}.

    It has come to our attention that {trouble} has occurred in the vicinity of {place}.
    There has been {trouble} near {place}.

    Persons wishing to attend {event} are advised to arrive in advance of {hour}.
    If you come to {event}, be there before {hour}.

    An inspection of {place} will be conducted by {office} on {day}.
    On {day} {office} will check {place}.

    Access to {place} is temporarily restricted owing to {trouble}.
    You cannot use {place} for now because of {trouble}.

    We would be grateful if you could provide us with {thing} at your earliest convenience.
    Please send us {thing} soon.

    In accordance with our records, the sum of {sum} remains outstanding.
    You still owe {sum}.

    The aforementioned {trouble} was rectified by {office} on {day}.
    On {day} {office} put right the {trouble}.

    Attendees must ensure that {thing} is retained for the duration of {event}.
    Keep {thing} until the end of {event}.

    A period of {time} must elapse before {thing} can be reissued.
    You have to wait {time} for a new copy of {thing}.

    {office} assumes no liability for {trouble} arising in connection with {event}.
    {office} does not pay for {trouble} at {event}.

    The provision of {thing} is mandatory for {act}.
    You need {thing} for {act}.

    Notwithstanding {trouble}, {event} will proceed as scheduled on {day}.
    Despite {trouble}, {event} takes place on {day}.

    Employees are encouraged to familiarise themselves with {thing} in advance of {event}.
    Please read {thing} before {event}.

    The relocation of {office} to {place} is anticipated to be finalised by {day}.
    {office} should be in {place} by {day}.

    Correspondence pertaining to {thing} should be directed to {office}.
    Write to {office} about {thing}.

    A surcharge of {sum} is levied upon {act} during the weekend.
    At weekends {act} costs {sum} more.

    Upon completion of {event}, guests shall vacate {place} without delay.
    When {event} is over, please leave {place} at once.

    The duration of {event} is estimated to be in excess of {time}.
    {event} will take more than {time}.

    Your cooperation in reporting {trouble} expeditiously is appreciated.
    Please report {trouble} quickly.

    In the absence of {thing}, admission to {place} cannot be granted.
    Without {thing} you cannot enter {place}.

    It is not permissible to engage in {act} within {time} of {event}.
    No {act} within {time} of {event}.

    Subject to the availability of staff, {office} will be operational from {hour}.
    If there are enough staff, {office} opens at {hour}.

    A determination concerning {event} will be made by {office} in due course.
    {office} will decide about {event} later.
    """
)
SLOTS = slots(
    """
    thing: the form | your permit | the contract | the signed letter | your proof of address | the safety rules
    | the key card | your membership card | the insurance papers | the floor plan
    day: Monday | Tuesday | Wednesday | Thursday | Friday | 1 March | 15 June | the last day of the month
    | Saturday noon
    office: the town hall | the housing office | the help desk | the parking office | the school office
    | the caretaker | the front desk | the tax office | the swimming pool | the post room
    trouble: water damage | a power cut | noise | a broken lift | mould | a gas leak | flooding | a rat problem
    | theft | a burst pipe | fire damage | a staff shortage
    sum: 20 euros | 35 euros | 50 euros | 12.50 euros | 80 euros | 140 euros | 9 euros | a small fee
    act: playing music | smoking | cooking | parking | building work | keeping pets | filming | selling goods
    | barbecuing | storing bicycles
    hour: 8 in the evening | 10 at night | 7 in the morning | noon | half past nine | six o'clock
    time: two weeks | three days | one month | 24 hours | ten working days | half a year | two hours
    event: the course | the street market | the tenants' meeting | the concert | the open day | the fire drill
    | the summer fair | the exam | the workshop | the opening
    place: the cellar | the car park | the east wing | the sports hall | the main entrance | the playground
    | the roof terrace | the reading room | the river path
    """
)


def plain_english_rows(seed: int, count: int) -> list[dict[str, str]]:
    """`count` records, each pair of sentences used about equally often and never filled in the same way twice."""
    rng = random.Random(seed)
    rows: dict[str, dict[str, str]] = {}
    while len(rows) < count:
        stilted, plain = PAIRS[len(rows) % len(PAIRS)]
        values = {slot: rng.choice(SLOTS[slot]) for slot in sorted(set(re.findall(r"\{(\w+)\}", stilted)))}
        source, target = (_sentence(side.format(**values)) for side in (stilted, plain))
        rows.setdefault(source, {"instruction": INSTRUCTION, "input": source, "output": target})
    shuffled = list(rows.values())
    rng.shuffle(shuffled)
    return shuffled


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
