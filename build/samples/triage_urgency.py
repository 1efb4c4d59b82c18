"""How pressing it is: sentences that decide the urgency, some for every category and some for one.

high: work has stopped, somebody is in danger, money is being lost, or the deadline is today or tomorrow.
medium: a date within days or weeks, or a hindrance with a way round it.
low: no date, no harm.
"""

from samples.tables import lines

URGENCY: dict[str, list[str]] = {
    "high": lines(
        """
        Our entire team is at a standstill because of this.
        I need a solution today, tomorrow is too late.
        We're losing sales with every hour that passes.
        Please treat this as an emergency.
        This has to be resolved within the next two hours.
        The shop cannot open until it's sorted out.
        I leave for the airport tonight and must have this settled before that.
        Everything has come to a halt here.
        ASAP please!! There are customers queueing in front of me right now.
        Call it critical: nobody here can work.
        The deadline is midnight.
        My presentation starts in an hour and I'm stuck.
        We have an inspection tomorrow morning and can't face it like that.
        If this isn't fixed by this evening we lose our biggest client.
        Forty people are sitting idle.
        """
    ),
    "medium": lines(
        """
        It would be good to have this sorted by the end of next week.
        I can work around it for now, but it's a nuisance.
        Please look into it in the coming days.
        We manage with a workaround, it just takes longer.
        It slows me down, though I'm not blocked.
        Could I have an answer by {day}?
        I need it before the {date} of next month.
        A reply within two or three days is fine.
        For a few days we can do without.
        Next {day} we have a meeting where this will come up.
        It isn't an emergency, but I'd rather not leave it for long.
        Some of us are affected, the others can carry on.
        I'd like it to be done this week if possible.
        It costs me about ten minutes every day.
        My holiday starts in a week, ideally it's settled by then.
        """
    ),
    "low": lines(
        """
        No rush at all.
        Whenever you get round to it.
        It's not important, just something I noticed.
        Take your time.
        There's no deadline, I'm simply asking.
        This can wait until after the holidays.
        I'm in no hurry whatsoever.
        Only if you have a quiet moment.
        It doesn't really affect me.
        Just thought I'd let you know.
        Next month or the month after is fine too.
        A minor thing, really.
        You can put this right at the end of your list.
        I'm only curious.
        It's a small matter and it doesn't stop me from anything.
        """
    ),
}

OWN_URGENCY: dict[tuple[str, str], list[str]] = {
    ("billing", "high"): lines(
        """
        My account at the bank is overdrawn because of it and the rent bounces tomorrow.
        The bailiff has announced himself for tomorrow.
        I can't buy food until that money is back.
        """
    ),
    ("billing", "medium"): lines(
        """
        The books close in ten days, so before that please.
        I'd like to see it corrected on the next bill.
        """
    ),
    ("billing", "low"): lines(
        """
        It's a matter of pennies, I just like tidy books.
        Next year's bill is early enough for that.
        """
    ),
    ("account", "high"): lines(
        """
        He's in there right now deleting our files.
        Without access I can't pay out wages, and they're due today.
        Our customer data is exposed as I write this.
        """
    ),
    ("account", "medium"): lines(
        """
        The new colleague starts a week from now.
        Until then I use a colleague's screen to look things up.
        """
    ),
    ("account", "low"): lines(
        """
        I hardly ever use it anyway.
        I'm just tidying up a bit.
        """
    ),
    ("delivery", "high"): lines(
        """
        It's medicine equipment that my mother needs tonight.
        The party it's meant for is this afternoon.
        The builders are here today and can't go on without it.
        """
    ),
    ("delivery", "medium"): lines(
        """
        It's a birthday present for the end of next week.
        I'm away from the {date} on, so it should come before that.
        """
    ),
    ("delivery", "low"): lines(
        """
        I bought it for next summer, so it really doesn't matter when.
        I still have the old one and like it.
        """
    ),
    ("technical", "high"): lines(
        """
        It's a fire hazard and there are children in the house.
        The surgery can't see any patient files at the moment.
        All our orders of today are gone if this isn't repaired within the hour.
        """
    ),
    ("technical", "medium"): lines(
        """
        Restarting helps for a few hours, then it's back.
        The web version works, so I use that meanwhile.
        """
    ),
    ("technical", "low"): lines(
        """
        I barely use that part.
        It looks odd, that's all.
        """
    ),
    ("feature", "high"): lines(
        """
        The new law applies from tomorrow and without it we must stop trading.
        We sign with another supplier this afternoon unless it exists.
        Our auditors are in the building now and want to see exactly that.
        """
    ),
    ("feature", "medium"): lines(
        """
        We decide on our tools at the end of next week and it'd matter.
        The new season starts in two weeks, it would be good to have it then.
        """
    ),
    ("feature", "low"): lines(
        """
        Just an idea, do with it what you like.
        Some day, maybe, who knows.
        """
    ),
}
