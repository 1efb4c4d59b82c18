"""Topics, moods and times: the sentences that messages are made of, and words that belong to each topic.

The first of `names` is the topic itself; all of them are used as labels.
"""

from dataclasses import dataclass

from starter.words import lines, words


@dataclass(frozen=True)
class Topic:
    """A subject of talk: the names it goes by, words that belong to it, and sentence templates about it."""

    names: list[str]
    words: list[str]
    sentences: list[str]


TOPICS: list[Topic] = [
    Topic(
        words("money payments bills finance costs"),
        words(
            """invoice bill charge charged fee price cost refund refunded payment pay paid card credit debit bank
            transfer receipt tax discount coupon voucher money amount total balance subscription plan plans
            renewal renewed trial monthly yearly annual instalment debt loan wage salary cash coin euro euros
            dollar dollars pound pounds cent currency overcharged deducted withdrawn owed billing statement
            cheap expensive deposit purchase checkout budget saving interest account_number purse wallet
            direct_debit twice double rate cheaper quote tariff deducting"""
        ),
        lines(
            """
            The bill shows {number} euros, although we agreed on {number}.
            {person} paid the invoice {when}.
            The bank took the same amount from the card on two days.
            We never got the receipt for the {product}.
            The monthly fee rose from {number} to {number} dollars.
            {person} asked for the money back.
            The coupon gave no discount at the checkout.
            The bookkeeper found a fee on the statement that nobody knows.
            My bank says that you took {number} dollars twice in {month}.
            Is it cheaper to pay for the whole year at once?
            The firm is free of tax, yet {number} euros of tax were added.
            I cancelled the subscription, and you still debit {number} pounds every month.
            The refund for the {product} was {number} euros too small.
            Our accountant needs all bills of the last year.
            {name} wants to split the price into {small} payments.
            The card has expired, so the payment did not go through.
            You sent a reminder for a bill that was paid {when}.
            The gift voucher could not be used for the {product}.
            Please put the name of our company on the receipt.
            I was promised the lower price, but you billed the higher one.
            My purse is empty until the money is returned to my card.
            The amounts on the two invoices differ.
            How do I switch the plan from yearly to monthly payment?
            They counted my points and charged me all the same.
            An upgrade was charged that I never bought.
            The rent and the electricity bill are due on {day}.
            The penalty of {number} dollars is unfair, because we paid in time.
            Which price is right, {number} or {number} euros?
            Their finance department rejects the invoice.
            I donated {number} euros by accident.
            The trial was free, said the page, and then came the bill.
            The tax on the invoice is wrong.
            They charged my card for a plan that I had cancelled.
            A refund of {number} pounds was promised {when}, and the money is still missing.
            My credit card was refused, although there is enough money in the bank.
            The yearly subscription was renewed without a word.
            The price in the shop was {number}, the price on the statement {number}.
            {name} pays for the {product} in {small} instalments.
            I would like an invoice with the address of the company.
            The total on the receipt does not add up.
            A deposit of {number} dollars is held back.
            The free trial ended and {number} euros were deducted.
            We were billed for {small} seats and use only {small}.
            Which currency will the payment be in?
            The direct debit failed, so a late fee was added.
            {person} paid double for one {product}.
            The voucher was worth {number} pounds, but the balance says zero.
            How much does the bigger plan cost each month?
            The transfer of {big} dollars left our bank {when}.
            Please change the card that pays for the subscription.
            The quote said {number}, the final charge was {number}.
            I still owe {name} {number} euros for the tickets.
            The salary is paid on the last {day} of the month.
            {name} keeps the coins in an old purse.
            """
        ),
    ),
    Topic(
        words("parcels shipping post transport mail"),
        words(
            """parcel parcels package packages courier delivery delivered deliver delivers shipping shipment
            shipped ship post postman tracking tracked depot address street doorstep porch neighbour driver van
            truck warehouse box carton label arrive arrived arrives arriving late delayed delay lost missing
            sent send dispatch dispatched customs order ordered orders signature letterbox route mail postcode
            wrapped wrapping crushed damaged collect pickup pick_up returned sender stamp envelope freight
            pallet transit stuck waiting expected express overnight destination crate"""
        ),
        lines(
            """
            The parcel with the {product} has not arrived.
            The courier left the package in the rain.
            The carrier says that nobody was at home.
            Our order was shipped {when}, but the tracking page has not changed.
            {name} signed for a parcel that was mine.
            The {product} came without its {object}.
            I moved house, so the address on the order is wrong.
            Could you send both orders in one box?
            My package lies in a depot far away, and I have no car.
            The wrong {product} was delivered: it is {colour}, not {colour}.
            The carton was open, and half of the content was gone.
            When will the {product} be dispatched?
            The express delivery took {small} days.
            I would like the van to come in the evening.
            The mail carrier threw the box over the gate.
            Please stop the shipment, we are on holiday.
            The code of the locker is wrong, so I cannot get at my parcel.
            You delivered {small} {product}s and I ordered one.
            It was returned to you because the label was torn.
            The glass broke on the way, as the parcel was badly packed.
            The post office has no record of the shipment.
            The delivery was announced for noon, and nobody came.
            Customs wants papers for the {product}.
            The driver could not find our entrance.
            The stairs are steep, will the courier carry the {product} up?
            My parcel went to a house in another street.
            Tracking says that the shipment is still in {city}.
            {person} waited at home all day, but no van came.
            The box was crushed and the {product} inside was in pieces.
            They sent the order to my old address.
            The driver rang at the wrong door in {city}.
            Our package was handed to a neighbour whom nobody knows.
            The {product} was posted {when} and should be here by now.
            Two of the {small} boxes are missing from the order.
            The postman put a wet envelope through the letterbox.
            The shipment has been in customs {when}.
            The label carried another customer's name and street.
            Instead of a {product} the carton held a {product}.
            {name} ordered a {product} {when}; where is it?
            The depot says that the parcel was returned to the sender.
            Can the package be collected from the warehouse in {city}?
            The courier wants a signature, and nobody is at home at that hour.
            The tracking number {big} leads to an empty page.
            Only half of the order was in the crate.
            The truck broke down on the way to {city}.
            It is marked as delivered, yet the doorstep is empty.
            Please send it to the office and not to the flat.
            How long does shipping to {city} take?
            The pallet stood in the yard of the warehouse for {small} days.
            {person} packed the {object} in a box and took it to the post.
            The letter reached {city} after {small} weeks.
            Could you hold the parcel until {day}?
            """
        ),
    ),
    Topic(
        words("sign-in access login passwords accounts"),
        words(
            """password passwords login log_in logged sign_in signing account username user email code codes reset
            locked lock unlock blocked block access verification verify confirm confirmation link expired
            security two-factor authenticator profile settings permission permissions admin administrator invite
            invitation role member members credentials forgotten forgot recover recovery register registered
            registration delete deactivate activate token session fingerprint identity hacked stranger
            suspicious change remove owner name PIN denied refused rejected enter entering key"""
        ),
        lines(
            """
            {person} forgot the password and cannot get in.
            The code for signing in never reaches my phone.
            I reset the password {when}, and it is still refused.
            My user name has a mistake in it.
            {name} was an administrator and should be a guest.
            Someone else changed the picture in my profile.
            The invitation to the workspace does not work any more.
            How do I turn on the second step of the login?
            I cannot see the folder, it says that I need permission.
            Our members cannot sign in since the firm has a new name.
            The mail with the confirmation link has never come.
            I have a new phone and no recovery codes.
            My account is suspended, and I do not know why.
            Please close the profile of my {relative}.
            We need access for {small} new users.
            The page says that the address is already registered.
            I want to log in without a password.
            There is a login from {city} that was not mine.
            {name} has left; who can take over her account?
            Please merge my two profiles.
            It wants my identity card before I may enter.
            The security question has an answer that I forgot.
            My session ends after a minute, and I have to sign in again.
            The owner of the workspace is on holiday, and nobody else is admin.
            The captcha never believes that I am human.
            My role lets me read but not edit.
            My profile was locked after {small} wrong tries.
            The link for the new password has expired.
            How can I change the address that I use to log in?
            A stranger has signed in to the account from {city}.
            {name} has left the firm, so please remove the old user.
            The site says that the username is unknown.
            The administrator cannot invite new members.
            I lost my phone, and with it the security codes.
            Please delete my profile and everything in it.
            The confirmation mail for the registration is missing.
            It asks for a PIN that I never set.
            {person} needs permission to open the shared folder.
            We have two accounts under one name and want only one.
            I am thrown back to the sign-in page again and again.
            The fingerprint is no longer accepted.
            The new colleague needs a role that may read but not write.
            My name is spelled wrongly in the profile.
            Access is denied, although I am the owner.
            I entered the recovery key, and it was rejected.
            Somebody changed my password {when}, and it was not me.
            The invitation for {name} went to the wrong person.
            Can the account be moved from {name} to {name}?
            After the reset the old credentials still work.
            The verification code is always one digit too short.
            {name} is registered as a guest instead of a member.
            {person} lost the key to the locker and had to prove who he was.
            """
        ),
    ),
    Topic(
        words("faults repairs breakdowns defects problems"),
        words(
            """error errors crash crashes crashed crashing freeze freezes frozen bug bugs broken break breaks fault
            faulty fail fails failed failure slow blank screen button battery charge noise hot smoke smell leak
            leaks update updated version install installed installing restart restarts reboot connection connect
            disconnects wifi signal sound picture flicker flickers stops stopped stuck load loads loading
            working work dead damaged crack defect repair fix fixed message page empty wrong file upload
            download save saves saved lost data sync synchronise server offline camera speaker heating hangs
            turn_on turns_off shuts_down"""
        ),
        lines(
            """
            The {product} stops after {small} minutes.
            The app closes by itself as soon as it is opened.
            After the update nothing works any more.
            I cannot save: an error appears each time.
            The {product} will not start, not even with a new battery.
            The {product} restarts again and again.
            The list stays empty, although there are {number} entries.
            It has become so slow that every click takes a minute.
            The {product} and the phone no longer find each other.
            The file is damaged and cannot be opened.
            The installation breaks off with code {number}.
            The {product} crackles and hums.
            A red light blinks on the {product}.
            The clock of the {product} is an hour wrong.
            The page shows an error in every browser.
            My entries appear twice since the last version.
            The keyboard of the {product} types the wrong letters.
            The printer prints empty pages.
            The export is full of strange signs.
            When I copy the text, half of it is lost.
            The {product} smells burnt when it is plugged in.
            Messages arrive hours too late or never.
            The touch screen no longer reacts.
            The wifi of the {product} drops out all the time.
            The total changes each time I reload the page.
            The website cannot be reached, the server is down.
            The screen of the {product} stays black.
            Since the last update the {product} crashes when I save a file.
            The {product} makes a loud noise and smells of smoke.
            A message says error {number}, and then everything freezes.
            The battery of the {product} is empty after an hour.
            The {product} does not connect to the network any more.
            Whenever I press the button, nothing happens.
            The page stays blank after loading.
            The {product} is so slow that {person} gave up.
            My files were gone after the restart.
            The upload breaks off at {number} percent.
            The picture flickers, and there is no sound.
            Water leaks out of the {product}.
            The {product} turns itself off in the middle of the work.
            The new version cannot be installed.
            The {product} gets so hot that one cannot touch it.
            It worked well until {when}, and now it is dead.
            The two devices do not sync: the numbers differ.
            The search finds nothing, not even the things on the page.
            The signal drops every {small} minutes.
            The report prints the wrong dates.
            The program hangs while it opens the {object} list.
            The lid has a crack and does not close.
            The server answers with a failure message.
            {person} repaired the {product}, but the fault came back.
            The mechanic could not find the defect.
            The {product} shows {number} degrees although it is cold.
            """
        ),
    ),
    Topic(
        words("wishes ideas suggestions proposals requests"),
        words(
            """feature features wish wishes idea ideas suggestion suggest propose proposal add adding added option
            options support supporting would could nice great love like useful helpful helpfully possible
            improve improvement allow allowing offer offering missing want wanted need future roadmap plan
            planned dream hope please request requested integrate integration import export theme dark mode
            shortcut shortcuts language languages widget filter filters sort custom customise automatic
            automatically reminder template templates view version someday consider considered bigger more
            choice choose vote extra"""
        ),
        lines(
            """
            It would be nice if the {product} had a timer.
            I would like to have folders within folders.
            We miss a way to change many entries at once.
            Do you plan a version for the tablet?
            A print view would be handy.
            Can you make the {product} in {colour}, too?
            It would help if two people could work on the same page.
            Might one day the {product} understand {city} dialect?
            A search with filters is what I would like most.
            Would a handle for the {product} be possible?
            We could use a calendar that shows two months.
            I would gladly pay more for a bigger {product}.
            It'd be great to speak to the {product} instead of typing.
            Maybe you could offer a kit for repairs.
            An archive for old projects would be useful.
            More colours to choose from would be lovely.
            How about a map of all our {object}s?
            Statistics about my own use are something I would welcome.
            I have an idea for the next version: tags.
            Could you add a dark theme to the {product}?
            I wish the {product} came in {colour}.
            An option to sort by date would help us a lot.
            Have you ever thought about a smaller {product}?
            We would love to see more languages in the {product}.
            My idea: let people share their lists with friends.
            Please think about a shortcut for the most used button.
            A bigger font would be a fine improvement.
            Are there plans to support the {product} as well?
            I suggest a reminder on the day before.
            What about a template for letters?
            It should be possible to choose the order of the columns.
            One thing is missing for me: a view of the whole month.
            A widget for the home screen is on my list of wishes.
            {person} proposed a filter by {colour} and size.
            If only one could import notes from the {product}.
            How about letting us give each folder a colour of its own?
            I dream of a {product} that speaks.
            Would you consider an export to a table?
            Being able to undo more than one step would be great.
            Our team votes for automatic backups in a future version.
            It could become better still with a quiet mode.
            Do you take suggestions? I have {small} of them.
            An integration with the calendar would save us a lot of clicks.
            {name} would like the {product} to remember the last choice.
            """
        ),
    ),
    Topic(
        words("returns exchange warranty"),
        words(
            """return returning exchange swap swapped size warranty guarantee unopened wrong_size replacement
            replace replaced send_back too_small too_big keep unwanted gift second-hand"""
        ),
        lines(
            """
            The jacket is too small, and I would like to swap it.
            {name} wants to send the {product} back unopened.
            Is the {product} still under warranty?
            The shoes were a gift and do not fit.
            Please send a replacement for the {colour} {product}.
            I changed my mind and do not need the {product}.
            The wrong size came; can it be exchanged?
            The guarantee ended {small} days before it broke.
            May I return an opened {product}?
            """
        ),
    ),
    Topic(
        words("how-to questions instructions help guidance"),
        words(
            """how where which manual guide instructions explain explanation tutorial lesson learn step steps
            understand question answer show setup set_up beginner"""
        ),
        lines(
            """
            How do I connect the {product} to the {product}?
            Where is the manual for the {product}?
            Which button starts the {product}?
            I do not understand step {small} of the guide.
            Can you explain what the {colour} light means?
            What is the best way to clean the {product}?
            How often should the {product} be charged?
            Is there a lesson for beginners?
            Where do I find the number of my order?
            Could you show me how to set up the {product}?
            """
        ),
    ),
    Topic(
        words("weather climate sky"),
        words(
            """rain sun snow wind storm cloud fog ice frost thunder lightning degrees sunny rainy windy cloudy
            umbrella hail breeze heat cold sunset rainbow flood dry"""
        ),
        lines(
            """
            It rained in {city} {when}.
            The wind blew the {object} off the roof.
            Tomorrow will be sunny with {number} degrees.
            Thick fog lay over {place}.
            Snow covered the road to {city}.
            A storm broke a tree near {place}.
            The clouds were {colour} in the evening.
            After the hail came a rainbow.
            The frost killed the tomatoes in {month}.
            Thunder woke {person} {when}.
            """
        ),
    ),
    Topic(
        words("food cooking meals"),
        words(
            """bread soup cook bake fry boil oven pan pot recipe salt spoon fork knife dinner lunch breakfast
            kitchen taste sweet sour bitter meal dish hungry restaurant menu waiter cheese apple sugar"""
        ),
        lines(
            """
            {person} cooked {food} soup for lunch.
            The {food} tasted sour.
            For the cake you need {number} grams of {food} and {small} eggs.
            The restaurant at {place} serves fresh {food}.
            Boil the {food} for {small} minutes.
            There was too much salt in the {food}.
            {name} cannot eat {food}.
            The recipe for {food} pie comes from my {relative}.
            The waiter brought {food} instead of {food}.
            We had bread, {food} and tea for breakfast.
            """
        ),
    ),
    Topic(
        words("animals nature wildlife pets"),
        words(
            """cat dog bird horse cow sheep nest feather fur tail paw claw wing egg kitten puppy vet farm wild zoo
            bark swim fly feed fox owl bee whale frog rabbit"""
        ),
        lines(
            """
            The {animal} slept under the {object}.
            {name} has a {colour} {animal} and {small} {animal}s.
            A {animal} was seen near {place}.
            The vet looked at the {animal}'s paw.
            The {animal} is afraid of the {animal}.
            Every morning {person} feeds the {animal}.
            The young {animal} cannot swim yet.
            In {month} the {animal}s come back to {place}.
            The {animal} built its nest on the roof.
            """
        ),
    ),
    Topic(
        words("music songs concerts"),
        words(
            """song sing singer guitar piano violin drum concert choir band melody rhythm note tune stage orchestra
            album trumpet flute voice dance listen loud"""
        ),
        lines(
            """
            {name} plays the violin in {place}.
            The concert in {city} began at {small} o'clock.
            The choir sang {small} old songs.
            The piano is out of tune.
            {person} wrote a song about a {animal}.
            The drums were too loud for {person}.
            The band from {city} played until midnight.
            Her voice filled {place}.
            """
        ),
    ),
    Topic(
        words("sport games matches training"),
        words(
            """ball team goal match win lose player coach race run swim jump kick throw score stadium medal tennis
            football chess point field trainer champion tie"""
        ),
        lines(
            """
            {city} won the match {small} to {small}.
            {name} ran {number} kilometres {when}.
            The coach chose {name} for the team.
            The game ended in a tie.
            {person} scored {small} goals.
            The race leads from {city} to {city}.
            The ball flew over the fence of {place}.
            {name} lost at chess against {name}.
            """
        ),
    ),
    Topic(
        words("travel journeys holidays trips"),
        words(
            """train ticket hotel flight airport passport luggage suitcase beach map trip journey holiday bus ship
            harbour tourist guide station seat platform visa island camp"""
        ),
        lines(
            """
            The train to {city} left {number} minutes late.
            {person} booked a room with a view of {place}.
            Our flight to {city} was moved to {day}.
            {name} forgot the passport at home.
            We spent {small} weeks in {city}.
            The bus stops near {place}.
            The suitcase went to {city} without us.
            In {month} the island is full of tourists.
            """
        ),
    ),
    Topic(
        words("school learning lessons study"),
        words(
            """teacher pupil lesson exam class book homework school university student study learn read write grade
            mark pencil notebook blackboard chapter answer question course"""
        ),
        lines(
            """
            The teacher gave {name} a good mark.
            The exam has {number} questions.
            {person} is learning for the test on {day}.
            The lesson about {animal}s was fun.
            The pupils wrote a page about {place}.
            {name} forgot the homework again.
            The course begins in {month}.
            """
        ),
    ),
    Topic(
        words("garden plants flowers trees"),
        words(
            """flower tree rose leaf leaves root seed plant water soil grass hedge bush pot spade rake bloom grow
            apple_tree tulip weed branch dig harvest"""
        ),
        lines(
            """
            The roses in {place} bloom in {month}.
            {person} planted {small} apple trees.
            The grass is {quality} and needs water.
            A branch fell on the {object}.
            {name} dug a hole for the {colour} tulips.
            The harvest was good this year.
            The hedge is {small} metres high.
            """
        ),
    ),
    Topic(
        words("health illness medicine"),
        words(
            """doctor nurse pain headache fever cough cold tooth hospital pill medicine bandage wound heart blood
            sleep tired ill sick healthy arm leg back knee rest tea"""
        ),
        lines(
            """
            {person} has had a headache {when}.
            The doctor told {name} to rest for {small} days.
            My knee hurts when I climb the stairs.
            The fever went down {when}.
            The nurse put a bandage on the wound.
            {name} takes the pills with {food}.
            A cough kept {person} awake.
            """
        ),
    ),
    Topic(
        words("work office meetings jobs"),
        words(
            """meeting office boss colleague report project deadline desk task customer team contract interview
            company plan agenda minutes presentation department shift staff client hire"""
        ),
        lines(
            """
            The meeting with {name} was moved to {day}.
            {person} wrote a report of {number} pages.
            Our team has {small} new colleagues.
            The boss liked the plan for {place}.
            The contract with the firm in {city} ends in {month}.
            {name} works as a {job} in {city}.
            The interview with the {job} took {small} hours.
            """
        ),
    ),
    Topic(
        words("home furniture household"),
        words(
            """house room door window wall floor roof sofa bed lamp carpet curtain shelf cupboard stairs cellar
            paint key clean broom rent tenant landlord furniture kitchen bath"""
        ),
        lines(
            """
            {person} painted the wall of {place} {colour}.
            The {object} stands on the {quality} shelf.
            The landlord will mend the window on {day}.
            We bought a {colour} carpet for the bedroom.
            The stairs are {quality} and old.
            {name} cleaned the house {when}.
            The cupboard is full of {colour} plates.
            """
        ),
    ),
]

# How a writer feels. Keys are the labels.
MOODS: dict[str, list[str]] = {
    "angry": lines(
        """
        This is outrageous.
        I am really fed up.
        How can anyone work like that?
        Never again!
        This is the {ordinal} time, and I have had enough.
        I am furious about it.
        What a joke.
        Nobody listens, and that makes me angry.
        I will tell everyone how badly we were treated.
        """
    ),
    "happy": lines(
        """
        Apart from that I am very happy.
        I love it!
        You made my day.
        Everything else is wonderful.
        We are delighted with the {product}.
        What a lovely surprise.
        I smile every time I see it.
        Great work, all of you.
        """
    ),
    "sad": lines(
        """
        It makes me sad.
        I am so disappointed.
        We had looked forward to it for months.
        What a pity.
        I could have cried.
        It was a present from my {relative}.
        """
    ),
    "worried": lines(
        """
        I am afraid that it will get worse.
        I hope that nothing is lost.
        We are a little worried.
        Is it dangerous?
        I cannot sleep because of it.
        What if it happens again?
        """
    ),
    "thankful": lines(
        """
        Thank you so much for everything.
        I am very grateful for your help.
        Many thanks to {name}, who was so kind.
        I cannot thank you enough.
        You have helped us before, and we have not forgotten it.
        """
    ),
    "curious": lines(
        """
        I just wonder.
        I would love to know more.
        I am only asking out of interest.
        Tell me, how does it work inside?
        It is a question that I have had for years.
        """
    ),
}

# By when something is needed. The first word of a key is the plain label, the others mean the same.
TIMES: dict[str, list[str]] = {
    "now|at once|immediately|right away": lines(
        """
        Everything stands still until this is done.
        This is urgent.
        I need it today.
        Please hurry, it is urgent!
        We need help right now.
        Nothing works here any more, the whole team is waiting.
        It has to be ready tonight.
        The deadline is today at {small}.
        We open in an hour and cannot without it.
        Call me immediately.
        Please answer at once, I am waiting at the phone.
        As fast as possible, please!
        Tomorrow is too late.
        My flight goes tonight, so I need it before.
        If it is not done this evening, we lose the contract.
        Our customers are queueing at the door right now.
        We have lost {number} orders since this morning.
        There is a fire risk.
        The patients cannot be treated.
        This is critical for us.
        I must hand it in today.
        All our staff are sitting around idle.
        The wedding is tomorrow!
        The court decides tomorrow morning.
        Immediately, please, not in an hour.
        Production has stopped.
        The exam begins in {small} hours.
        It blocks all of us completely.
        Come at once, please!
        It must be done within the hour.
        We cannot wait any longer.
        {number} people are standing here and can do nothing.
        There is no time to lose.
        Every minute counts.
        It is an emergency.
        The guests arrive in an hour.
        Nobody here can work until you answer.
        The whole shop had to close because of it.
        Tonight is the last chance.
        Today is the last day for it.
        We are losing customers and money every hour.
        It starts this evening, and without it we are lost.
        Someone could get hurt.
        Help, quickly!
        All work in {place} has stopped.
        My train leaves in {number} minutes.
        The bakery cannot open in the morning without it.
        Drop everything else, please.
        It is dangerous, and the children are near.
        The inspector comes today at {small}.
        """
    ),
    "soon|this week|in a few days|shortly": lines(
        """
        By {day} would be good.
        I would like an answer this week.
        Please write back within a few days.
        Next week is fine, but not later.
        We have a workaround for the moment.
        It slows us down, but we can work.
        I need it by the end of next week.
        It is annoying, though we get along somehow.
        In about ten days we have to decide.
        We can help ourselves for some days.
        Only some of us have the problem, the others can go on.
        The guests come next week.
        I promised an answer for {day}.
        For now we do it on paper.
        Please look at it in the coming days.
        It should be done before our meeting on {day}.
        I will be away from {day} on, so please before that.
        The month ends in {small} days, and then it should be right.
        Not an emergency, but please do not forget it.
        I can wait until {day}.
        A colleague lends me hers for this week.
        Every day it costs us a quarter of an hour.
        It comes back from time to time and gets on my nerves.
        Could you see to it before the weekend?
        I look forward to hearing from you this week.
        In the next two weeks we need a solution.
        We need it before the end of the week.
        Please see to it in the next few days.
        We can manage for a day or two.
        It costs us some time each day, but we get by.
        The meeting is next {day}, so there is a little time.
        It holds us up, though there is a way round.
        Please do it before {month} begins.
        The customer asks for it on {day}.
        I can borrow one until {day}, not longer.
        Half of us are slowed down by it.
        Tomorrow or the day after would suit me.
        For a while we can do it by hand.
        It is a nuisance, and I would like it done this week.
        Please answer within {small} days.
        My holiday begins in {small} days, so before that, please.
        Until then we use the old {object}.
        It happens now and then and is tiresome.
        """
    ),
    "later|any time|no hurry|some day": lines(
        """
        There is no hurry at all.
        No rush.
        Please take your time.
        I only wanted to let you know.
        Whenever it suits you.
        It is not pressing.
        That can wait for months.
        It has low priority for us.
        I am just asking.
        It would be fine if it never came.
        I can live without it.
        Some time this year is enough.
        Only a trifle, really.
        It does not affect our work.
        Answer when you feel like it.
        I am not waiting for it.
        It is a detail that hardly anyone sees.
        There is no date for it.
        Perhaps you have a quiet day for it some time.
        I do not need it before next summer.
        I hardly use it.
        Put it on the list for later.
        A small thing that I noticed by chance.
        There is nothing urgent about it.
        It has been like that for years and does no harm.
        I ask only because I am curious.
        Leave it until after the holidays.
        We are not in a hurry.
        Whenever you find the time.
        It can wait until next month.
        Take as long as you need.
        It is not important, I only wanted to mention it.
        Do it when you have nothing else to do.
        Next year is early enough.
        It does not bother me much.
        No need to answer quickly.
        I am in no rush.
        Just for your information.
        It is only a small thing.
        We live quite well without it.
        Some day, perhaps.
        Any time this year will do.
        It is not urgent.
        Only if it is easy for you.
        I am just curious, so take your time.
        Put it at the bottom of your list.
        Nothing depends on it.
        """
    ),
}
