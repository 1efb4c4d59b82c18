"""Word tables: every `{slot}` in a template is replaced by one entry of the table with that name."""


def lines(text: str) -> list[str]:
    """One entry a line."""
    return [line.strip() for line in text.strip().splitlines() if line.strip()]


def words(text: str) -> list[str]:
    """One entry a word; `_` stands for a space inside an entry."""
    return [word.replace("_", " ") for word in text.split()]


WORDS: dict[str, list[str]] = {
    "name": words(
        """Anna Ben Clara David Emma Felix Grace Hugo Ida Jonas Kira Leo Mona Nils Olga Paul Rosa Simon Tara
        Umar Vera Walter Yara Zoe Amir Bruno Carmen Dora Elif Frank Gina Hanna Ivan Julia Karl Lena Marco
        Nina Oscar Petra Ravi Sara Tom Ursula Victor Wendy Xenia Yusuf Alma Boris Chloe Diego Eva Finn Greta
        Henry Iris Jack Kate Lucas Mei Noah Omar Pia Quentin Ruth Sam Tina Maya Robin Alex Kim Jo Lee Chris
        Pat Max Lily Peter Maria John Susan Priya"""
    ),
    "place": words(
        """the_kitchen the_garden the_market the_station the_school the_library the_harbour the_forest
        the_river the_office the_shop the_village the_hotel the_museum the_bakery the_farm the_workshop
        the_cellar the_roof the_bridge the_beach the_park the_hospital the_airport the_town_hall
        the_warehouse the_garage the_attic the_café the_bus_stop the_church the_field the_mountain the_lake
        the_island the_studio the_hall the_yard"""
    ),
    "city": words(
        """London Paris Berlin Rome Madrid Vienna Oslo Lisbon Dublin Prague Athens Warsaw Zurich Boston Denver
        Toronto Sydney Tokyo Delhi Cairo Lima Leeds Bristol York Lyon Hamburg Milan Porto Geneva Bergen
        Ghent Malmo Austin"""
    ),
    "day": words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
    "month": words("January February March April May June July August September October November December"),
    "when": words(
        """yesterday today this_morning this_afternoon tonight last_night last_week last_month two_days_ago
        a_week_ago on_{day} since_{day} in_{month} an_hour_ago three_weeks_ago at_noon at_{small}_o'clock
        the_other_day just_now for_{small}_days since_the_weekend earlier_today before_breakfast after_lunch
        over_the_holidays"""
    ),
    "small": words("one two three four five six seven eight nine ten eleven twelve"),
    "ordinal": words("second third fourth fifth sixth tenth"),
    "number": [str(n) for n in range(2, 100)],
    "big": [str(n) for n in range(100, 1000, 7)] + [str(n) for n in range(1000, 99999, 1234)],
    "colour": words("red blue green yellow white black brown grey orange pink purple silver golden"),
    "animal": words(
        """cat dog horse cow sheep goat pig hen duck goose mouse rabbit fox wolf bear owl crow eagle frog snake
        fish whale bee spider ant turtle donkey camel lion tiger monkey elephant deer hedgehog squirrel
        parrot pigeon"""
    ),
    "food": words(
        """bread butter cheese soup rice pasta apple pear cherry plum cake pie egg milk honey onion carrot
        potato bean tomato salad lemon orange banana grape nut salt pepper sugar flour tea coffee juice fish
        chicken sandwich"""
    ),
    "object": words(
        """key lamp book cup plate chair table box bag coat hat shoe umbrella pencil letter map clock mirror
        basket bottle blanket rope ladder hammer bucket candle ring coin ball drum violin bicycle camera
        radio kite brush"""
    ),
    "product": words(
        """kettle toaster laptop phone tablet printer router speaker headset keyboard mouse monitor charger
        cable camera watch lamp heater fan fridge oven washing_machine vacuum_cleaner drill bicycle backpack
        jacket shoes mattress desk chair sofa blender coffee_machine scale thermostat doorbell drone
        e-reader game_console microphone scooter tent suitcase toothbrush hair_dryer memory_card battery
        remote_control television app website program online_course calendar notes_tool photo_editor
        map_service mail_program web_shop"""
    ),
    "quality": words(
        """small large old new heavy light quiet loud warm cold clean dirty bright dark soft hard broken cheap
        expensive beautiful plain strong weak fast slow dry wet round square tall short empty full strange
        simple"""
    ),
    "job": words(
        """teacher baker doctor nurse farmer driver painter writer singer cook gardener carpenter builder pilot
        sailor tailor clerk manager student engineer librarian plumber shopkeeper postman photographer
        mechanic dentist"""
    ),
    "feelword": words(
        "happy sad angry tired proud calm nervous curious surprised lonely hungry cheerful worried bored"
    ),
    "person": lines(
        """
        {name}
        {name}
        {name}
        {name}
        the {job}
        the old {job}
        my {relative}
        {name}'s {relative}
        our neighbour
        """
    ),
    "relative": words(
        """mother father sister brother aunt uncle cousin daughter son grandmother grandfather wife husband
            friend boss colleague"""
    ),
    "move": words(
        """walked ran drove cycled hurried went travelled sailed climbed came_back returned moved rode wandered"""
    ),
    "did": lines(
        """
        found a {quality} {object}
        lost a {object}
        bought a {quality} {object}
        sold the {object}
        cleaned the {object}
        hid the {object}
        painted the {object} {colour}
        carried the {object} to {place}
        left the {object} in {place}
        gave the {object} to {name}
        looked for the {object}
        repaired the {object}
        broke the {object}
        wrapped the {object} in paper
        showed {name} the {object}
        cooked {food} with {food}
        ate some {food}
        cut the {food} into {small} pieces
        baked a {food} cake
        fed the {animal}
        heard a {animal}
        saw a {quality} {animal}
        drew a {animal}
        followed the {animal} to {place}
        wrote a letter to {name}
        called {name}
        waited for {name}
        met {name} at {place}
        asked {name} for help
        helped {name} with the {object}
        told {name} a secret
        sang a song for {name}
        thanked {name}
        read a book about a {animal}
        counted {number} {animal}s
        opened the {colour} door
        closed the window
        slept until {small} o'clock
        took the bus to {city}
        planned a trip to {city}
        """
    ),
    "link": words(
        """Then After_that Later Soon Next A_little_later In_the_evening The_next_day Suddenly At_last
            Meanwhile Before_long"""
    ),
    "ending": lines(
        """
        In the end everyone was {feelword}.
        Nobody ever spoke of it again.
        That night {name} could not sleep.
        From that day on they were friends.
        And so the {object} came home.
        It was the best day of the year.
        They laughed about it for a long time.
        Nothing was ever the same again.
        It had been a long day, and all of them were tired.
        {name} still has the {object} today.
        Next time they would be more careful.
        And that was how {name} learned to be patient.
        """
    ),
}
