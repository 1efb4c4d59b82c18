"""What customers of a small shop with its own app write in about: distinct problem statements for each category."""

from samples.tables import lines, slots

PROBLEMS: dict[str, list[str]] = {
    "billing": lines(
        """
        I was charged twice for order {order}, once on the 3rd and again on the 5th.
        My statement shows {amount} from you, but I only bought something for {amount}.
        The invoice for {month} lists {n} licences, we only have {few}.
        You keep taking {amount} a month although I cancelled my plan in {month}.
        Where is my refund for the {goods}? I was told it takes five working days and that was three weeks ago.
        The promo code from your newsletter took nothing off at checkout.
        Can you put our VAT number on the invoice? Our accountant rejects it otherwise.
        My card gets declined every time, the bank says the block is on your side.
        I upgraded to the {plan} plan and was billed the full price instead of the difference.
        There's a fee called "service adjustment" of {amount} on the bill. What is that?
        We paid by bank transfer on {day} and still get payment reminders for order {order}.
        The gift card has a balance of {amount} but your shop says it's worth zero.
        I would like to switch from monthly to yearly payment.
        Please send a receipt for the {goods}, I need it for my tax return.
        The price went up from {amount} to {amount} without any notice.
        Somebody at my firm bought the {plan} plan by mistake; can we get the money back?
        My student discount has vanished from this month's bill.
        The currency on the invoice is dollars, we have always paid in euros.
        You deducted the subscription before the free trial was over.
        I returned the {goods} {ago} and the money has never come back to my card.
        Our purchase order number is missing on invoice {order}.
        The instalments don't add up: {few} payments of {amount} is more than the price.
        Checkout says the payment failed, yet {amount} has left my bank account.
        The invoice is addressed to our old company name.
        I'm being billed for {n} users and half of them left ages ago.
        Can I pay for the {plan} plan by direct debit and not by card?
        My credit note of {amount} was not taken into account on the last bill.
        It charged the expired card, then the new one, then added a late fee for good measure.
        Delivery was supposed to be free above {amount}, still you charged me shipping costs.
        How much would the {plan} plan cost for {n} people? The price page confuses me.
        I got a final demand letter for an invoice that was paid in {month}.
        The sum on the pdf invoice and the sum debited differ by {amount}.
        You've refunded the wrong amount for my {goods}: {amount} and not {amount}.
        We're tax exempt, but tax was added to every one of the last {n} bills.
        The loyalty points I paid with were taken, and so was the full price.
        I'd like all our invoices from last year as one file for the bookkeeper.
        Renewal was meant to be off, and now there is a charge of {amount} for another year.
        Please stop the automatic payments, I no longer want the subscription.
        The sale price was {amount} when I ordered the {goods}, and {amount} when you billed it.
        Two payments, one order: my husband and I both paid for {order}.
        Your payment page wants a billing postcode with letters, ours only has digits.
        Could the due date of the invoices move to the end of the month?
        The donation of {amount} at checkout was ticked without my asking, I want it back.
        A chargeback was opened by my bank over order {order} and I don't know what to do about it.
        My budget is tight: can the {amount} for the {goods} be split over {few} months?
        """
    ),
    "account": lines(
        """
        I can't log in any more, it says my password is wrong although I just reset it.
        The password reset mail never arrives, and no, it isn't in the spam folder.
        My account has been locked after too many attempts.
        I got a new phone and the authenticator codes are gone.
        Please change the owner of our workspace from {name} to {name}.
        I want to delete my account and all data you hold about me.
        How do I change the e-mail address I sign in with?
        Someone in another country logged in to my profile last night.
        {name} quit last week, please remove her access.
        The invitation link for our new colleague {name} says it has expired.
        I registered twice by accident, can you merge the two accounts?
        The text message with the login code takes so long that the code is dead on arrival.
        My user name has a typo in it and the settings won't let me correct it.
        I am an admin but it tells me I don't have permission to see the members.
        Your site logs me out every couple of minutes.
        After the merger our company sign-on no longer recognises anybody.
        It keeps asking me to verify my identity with a document I already uploaded.
        I never made a profile with you, and still I get welcome mails with my name.
        We need {n} more seats assigned to the people on the marketing team.
        {name} was made an administrator by mistake, he should only be a viewer.
        I forgot the answer to my security question.
        Face recognition refuses me since I wear glasses.
        The confirmation link for my registration leads to "page not found".
        Can two people share one login?
        My profile picture and display name were changed, and I didn't do it.
        My account says suspended and nobody told me the reason.
        I've lost my recovery codes and I'm about to switch phones.
        Please tell me which user name belongs to our shop, nobody here remembers.
        I would like to move my profile from the private to the business workspace.
        The captcha on the sign-in page never accepts what I pick.
        Your login page doesn't know my mail address, but registering says it is already taken.
        An intern left with the only admin credentials and now none of us can manage users.
        I typed my birthday wrong when signing up and the age check locks me out.
        There are three sessions on my account that are not mine.
        How can I turn off two-step verification?
        The role "editor" can't see the folders that were shared with it.
        I'd like to log in with a passkey, the option is greyed out for my user.
        Since the name change after my wedding I can't get past the identity check.
        My son signed up with my address, please free it again.
        The temporary password you sent contains a character I cannot type.
        We want a list of everybody who has access to our team space.
        I unlinked my social login and now there is no way in.
        Our guest users can see all customer names, they should not have that right.
        The account was closed without my consent, please reopen it.
        It signs me in as {name}, whoever that is, and shows me her profile.
        """
    ),
    "delivery": lines(
        """
        My {goods} should have been here on {day}, and there is no trace of it.
        Tracking for order {order} hasn't moved since {day}.
        The courier marked it as delivered, but nothing was at the door.
        I ordered a {colour} {goods} and a {colour} one came out of the box.
        The parcel arrived soaking wet and the {goods} inside is ruined.
        Only {few} of the {n} boxes turned up.
        Can you send order {order} to my office instead? I'm not at home this week.
        The driver left the {goods} in the hallway of a house two streets away.
        I typed the wrong house number, please correct it before the {goods} ships.
        The {goods} has been sitting in customs for {n} days.
        How long does it take to ship a {goods} to Norway?
        Your courier threw the package over the fence. There's a dent in the carton.
        The box was empty. Sealed, labelled, empty.
        Order {order} still says "being prepared" after {n} days.
        You sent my {goods} to the address I moved away from last year.
        It came back to you as undeliverable, though my name is on the bell.
        I've waited at home three days in a row and no van ever stopped.
        Could you combine orders {order} and {order} into one shipment?
        The pickup shop says they never got my parcel.
        Is it possible to have the {goods} dropped off after six in the evening?
        There are parts missing in the carton: the screws and one leg of the {goods}.
        I got somebody else's package, it's for a {name} in another town.
        The label on the parcel came off and the post now can't tell whose it is.
        The tracking page says out for delivery. It's said so since {day}.
        Please hold the shipment back, we are on holiday until {month}.
        Instead of one {goods} you've sent me {few} of them.
        The delivery window you gave me was ten to twelve; it's now past eight.
        The glass on the {goods} was shattered when we unpacked it.
        My neighbour signed for the {goods} and swears he never did.
        Why does the {goods} come from a warehouse on the other side of the world?
        The carrier wants me to collect a {weight} kilo box from a depot an hour away.
        My order was split, the second half never left your warehouse.
        The express shipping I paid extra for took {n} days.
        Where can I enter a note for the driver? Our entrance is at the back.
        The pallet for our store was unloaded at a competitor's dock.
        I missed the courier and the card he left has no number on it.
        We've moved. The {goods} on order {order} must go to the new place.
        The postman refuses to bring the {goods} up to the fourth floor.
        One of the two {goods}s arrived, the other one is "lost in transit".
        It was dispatched without the {goods} cover that belongs to it.
        Your map pin for our street is off, drivers always end up at the river.
        The locker code doesn't open the parcel locker, and my {goods} is inside.
        The replacement {goods} you promised has not been shipped yet.
        No one told me the {goods} would come in {few} separate deliveries.
        The shipment left on {day} without the {colour} {goods} on the packing list.
        """
    ),
    "technical": lines(
        """
        The app crashes as soon as I open the {screen} screen.
        My {device} won't turn on any more, not even on the charger.
        Since the update the {device} loses its wifi connection every few minutes.
        I get "error {code}" whenever I try to save.
        The {screen} page stays white, in every browser I've tried.
        The battery of the {device} is flat after an hour.
        Uploading a picture hangs at 99 percent.
        The {device} makes a grinding noise and gets really hot.
        Search doesn't find anything, even when I type the exact title.
        Notifications come hours late or not at all on my phone.
        The {device} and the app don't pair, it scans and scans.
        Half of my entries were gone after the sync.
        The dates in the {screen} are shifted by one day.
        Everything is terribly slow since {day}, a click takes half a minute.
        The left speaker of the {device} crackles.
        The installer stops with "disk full" although there's plenty of space.
        The {device} reboots in the middle of the night for no reason.
        Printing from the {screen} gives me nothing but blank sheets.
        The touch screen reacts in the wrong place.
        The exported file can't be opened, it says it's corrupt.
        The firmware update broke off and now only a red light blinks.
        Sound and picture are out of step when I play a video.
        After the latest version the {screen} shows question marks where the letters should be.
        The {device} stops recording after ten minutes.
        Scrolling in the {screen} jumps back to the top.
        The temperature on the {device} is off by five degrees.
        Your server answers 502 about every third time.
        The camera of the {device} shows only a green picture.
        The undo button deletes the whole document.
        The {device} doesn't wake up from standby unless I pull the plug.
        The calendar sync makes each appointment appear {few} times.
        My {device} displays "sensor fault" and refuses to start.
        The import of a table swaps the columns for first and last name.
        Voice control no longer understands a single word.
        There's smoke coming out of the {device} when it is plugged in.
        The offline mode isn't offline, without a network nothing opens.
        A pixel row on the {device} is dead.
        The widget on the home screen has been frozen on the same number since {day}.
        The numbers in the {screen} add up to a different total each time I reload.
        Copy and paste in the editor loses all line breaks.
        The {device} disconnects from the computer when I move the cable.
        The website tells me my browser is too old, it's the newest there is.
        Whatever volume I set on the {device}, it goes back to the maximum.
        The {screen} filter returns rows that clearly don't match.
        On my tablet the keyboard covers the field I'm typing in.
        """
    ),
    "feature": lines(
        """
        A dark mode for the {screen} would be wonderful.
        Could you add an export to a spreadsheet?
        Are you planning to support Linux some time?
        I'd love to be able to sort the {screen} by date.
        It'd help us if several people could edit the same list together.
        Have you considered a smaller version of the {device}?
        Would it be possible to get a Portuguese translation of the app?
        Please consider keyboard shortcuts for the {screen}.
        My suggestion: let us pin favourites to the top of the {screen}.
        What's missing for me is a weekly summary by mail.
        It would be great if the {device} could be controlled from a watch.
        We'd like to have our own logo on the {screen}.
        An option to hide finished tasks, please!
        Can you make the {goods} available in {colour}?
        Our team wishes for an interface to our own software.
        I propose a confirmation before something is deleted for good.
        Do you have plans for a family plan or a shared basket?
        It would be neat if the {device} remembered the last setting.
        Please let me choose a different first day of the week.
        Any chance of bigger letters for people with weak eyes?
        How about a map that displays where all the {goods}s are used?
        I miss a bulk edit, changing {n} entries one by one is tedious.
        You should offer tags in the {screen}, folders aren't flexible enough.
        Templates for recurring entries would make my life easier.
        Would you think about a quiet mode for the {device} at night?
        One wish for the roadmap: reminders that repeat every other week.
        Could the {screen} get a print view?
        We could really use an approval step before anything is published.
        Idea: read the {screen} aloud while I'm driving.
        It'd be cool to scan a receipt with the camera rather than typing it.
        Please bring back the old compact layout as a choice.
        A second time zone in the {screen} would be handy for us.
        I would welcome an integration with my calendar.
        Could you build in a calculator? I keep switching programs.
        It'd be nice to mark messages as unread.
        Is a rental option for the {device} thinkable?
        Can you offer refills, so that we don't buy a whole new {goods} each time?
        We need custom fields, the {n} standard ones don't cover our trade.
        Please add a way to compare two months side by side.
        May I suggest a progress bar for long uploads?
        An archive would be better than having to delete old projects.
        If the {device} had a handle, it would be perfect.
        I'd pay extra for statistics about my usage.
        Might you add a "repeat last order" button to the shop?
        Offering a sandbox for trying things out would be a big plus.
        """
    ),
}

SLOTS = slots(
    """
    goods: kettle | desk lamp | backpack | coffee grinder | bookshelf | rain jacket | garden hose | mattress
    | office chair | bike light | frying pan | suitcase | yoga mat | tent | wall clock | dog bed | blender
    | bread knife | picture frame | rug | water filter | sleeping bag | stroller | side table | hammock
    device: thermostat | robot vacuum | headset | e-reader | doorbell camera | smart scale | router | projector
    | tablet | fitness band | label printer | baby monitor | air purifier | soundbar | weather station
    | dash cam | electric toothbrush | card reader | drawing pad | intercom
    screen: calendar | reports | inbox | settings | timesheet | inventory | contacts | dashboard | recipe
    | notes | photo | statistics | booking | map
    plan: team | family | premium | starter | business | studio
    n: six | seven | eight | nine | ten | 11 | 12 | 14 | 15 | 18 | 20 | 25
    few: two | three | four | five
    date: 9th | 10th | 12th | 17th | 20th | 23rd | 28th
    weight: 18 | 22 | 30 | 35
    code: E12 | 1004 | 0x80 | 77 | F-9 | 503 | 31B | 4410
    day: Monday | Tuesday | Wednesday | Thursday | Friday | Saturday
    month: January | February | March | April | May | June | July | August | September | October | November
    ago: ten days ago | two weeks ago | a month ago | in spring | before the holidays
    colour: black | grey | red | green | blue | white | yellow
    name: Hanna | Oskar | Milena | Tobias | Farid | Ines | Rupert | Wiebke | Anneli | Jorge | Dagny | Theo
    | Salma | Edda | Kofi | Noor
    """
)
SLOTS["order"] = [
    f"{letter}-{number}" for letter, number in zip("ABCDEFGHKLMNPQRSTUWX" * 4, range(1103, 9871, 113), strict=False)
]
SLOTS["amount"] = [
    *(
        f"{euros}.{cents} €"
        for euros, cents in zip(range(7, 260, 6), ["90", "00", "99", "50", "45", "95", "20"] * 9, strict=False)
    ),
    *(f"${dollars}" for dollars in range(12, 400, 23)),
]
