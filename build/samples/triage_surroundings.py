"""What people write around the problem itself: greetings, openings, details, subjects, closings."""

from samples.tables import lines

GREETINGS = lines(
    """
    Hi,
    Hello,
    Hi there,
    Hello support,
    Good morning,
    Dear team,
    Hey,
    Good evening,
    Hello everyone,
    Dear Sir or Madam,
    Hiya,
    To the help desk:
    Greetings,
    Hi {name},
    """
)
OPENINGS = lines(
    """
    I hope this reaches the right person.
    First of all, I like your shop.
    This is my second message about it.
    I've read the help pages from top to bottom.
    I've been a customer since {month}.
    Maybe you can help me.
    We spoke on the phone on {day}.
    My wife says I should just write to you.
    Your chat bot sent me here.
    I'm writing on behalf of a small bakery.
    I'm not very technical, so please bear with me.
    So here's the thing:
    Long story short:
    I run a workshop with {n} people.
    I have a question.
    There is something I'd like to bring up.
    I'm a volunteer at a sports club.
    """
)
# Details that any ticket may have, and those that belong to a category.
DETAILS = lines(
    """
    The customer number is {order}.
    My colleague {name} says the same.
    I asked about it in {month} and heard nothing.
    I found nothing about it in your help pages.
    The reference is {order}.
    {name} at your hotline couldn't tell me more.
    Maybe I overlooked something.
    It's the second message I write about this.
    """
)
OWN_DETAILS: dict[str, list[str]] = {
    "billing": lines(
        """
        The bank statement is attached.
        I've compared it with every invoice since {month}.
        My accountant has checked the sum.
        The payment reference is {order}.
        I paid by credit card.
        We always pay our bills on time.
        The amount is small, but it's the principle.
        In {month} you charged me {amount}.
        I can send you the receipt.
        My bank confirms the debit.
        The price on your website is {amount}.
        A refund to the same card would be fine.
        """
    ),
    "account": lines(
        """
        My user name is still the old one.
        I've tried to log in on my phone and on the computer.
        I reset the password in {month} for the last time.
        The profile belongs to our company.
        {name} is the only other admin.
        I never share my password with anybody.
        I checked my settings under security.
        The last login I remember was on {day}.
        Our workspace has {n} members.
        I can prove who I am with my passport.
        The account has existed since {month}.
        The permissions page looks fine to me.
        """
    ),
    "delivery": lines(
        """
        The tracking number is {order}.
        I've asked the courier and all my neighbours.
        It was shipped on {day}, says the mail.
        My address is on the label, I checked.
        The parcel weighs about {weight} kilos.
        I've kept the box and took pictures of it.
        Somebody is at home every afternoon.
        The carrier sends me back to you.
        The package was meant for my brother.
        I ordered it in {month}.
        The depot is closed on weekends.
        The driver didn't ring the bell.
        """
    ),
    "technical": lines(
        """
        I've restarted it twice and installed everything again.
        The version is the newest one.
        A screenshot of the error is attached.
        It worked perfectly before the update.
        The {device} is one year old.
        It happens on two computers.
        I cleared the cache, it still fails.
        The log says error {code}.
        Unplugging it doesn't change anything.
        Another browser has the same bug.
        My network is fine, I tested it.
        It broke on {day} without any warning.
        """
    ),
    "feature": lines(
        """
        Another app I use has something like that.
        I think many customers would like it.
        We'd be glad to test it.
        At the moment it simply isn't possible.
        I've voted for it in your forum.
        My colleagues came up with the same idea.
        A simple version would be enough.
        It could be an option in the settings.
        I can describe in detail what I imagine.
        It would make your product even better.
        I've wanted it since I first used the {screen}.
        Adding it can't be that hard, I imagine.
        """
    ),
}
SUBJECTS: dict[str, list[str]] = {
    "billing": ["Question about a payment", "Invoice", "Money", "Wrong amount"],
    "account": ["Sign-in", "My profile", "Users", "Access"],
    "delivery": ["My order {order}", "Parcel", "Where is it?", "Shipment {order}"],
    "technical": ["It doesn't work", "Problem with the {device}", "Help", "Error report"],
    "feature": ["Suggestion", "An idea", "Wish list", "Feedback"],
}
CLOSINGS = lines(
    """
    Thank you.
    Many thanks for your help.
    Please advise.
    What can be done?
    Can you help?
    I'd appreciate a hint.
    Kind regards, {name}
    Best, {name}
    Cheers, {name}
    Yours sincerely, {name}
    Have a nice day, {name}
    """
)
OWN_CLOSINGS: dict[str, list[str]] = {
    "high": lines(
        """
        Please hurry!
        Call me back at once, please.
        Waiting for your answer right now, {name}
        I need help today.
        Please answer immediately.
        Help!!
        As fast as you can, please. {name}
        I'm sitting by the phone.
        """
    ),
    "medium": lines(
        """
        I look forward to your answer this week.
        Thanks for dealing with it in the next days, {name}
        Until next week, {name}
        Please write back within a few days.
        Thanks for looking into it soon.
        I'd be glad to hear from you by the weekend.
        Talk to you in a couple of days, {name}
        """
    ),
    "low": lines(
        """
        Whenever you have time. {name}
        No need to hurry. Best, {name}
        Thanks anyway, there's no rush.
        Have a relaxed week, {name}
        Reply some time if you like.
        That's all, nothing pressing. {name}
        Take all the time you need, {name}
        """
    ),
}
