"""Pages whose concept a person would not doubt, and some that have none."""

from services.documents.ontology.concept import Concept
from tests.contract.documents.rig import concept

CONCEPTS: list[Concept] = [
    concept("Product", "Something for sale in a shop, with a price and a cart.", synonyms=["article", "item for sale"]),
    concept("Vacancy", "A job opening that people can apply for.", synonyms=["job", "position", "career"]),
    concept("News article", "A report about something that happened, with an author and a date.", synonyms=["report"]),
    concept(
        "Event", "Something people can attend at a time and a place.", synonyms=["concert", "conference", "meetup"]
    ),
    concept("Recipe", "How to cook a dish, with ingredients and steps.", synonyms=["dish", "cooking instructions"]),
    concept("Real estate listing", "A house or an apartment for sale or rent.", synonyms=["apartment", "house"]),
    concept("Person profile", "A page about one person and what they do.", synonyms=["biography", "team member"]),
    concept("Rezept", "Zutaten und Zubereitung eines Gerichts.", synonyms=["Gericht", "Zubereitung"]),
]

PAGES: list[tuple[str, str, str | None]] = [
    ("Lamp Nord - shop", "Price: 49 EUR. Add to cart. This article is for sale in our shop.", "Product"),
    ("Running shoes | sale", "Item for sale: price 80. Sizes 38-46. Put it into your cart.", "Product"),
    ("Oak table", "Product details. Price 499. In stock. Cart (0)", "Product"),
    ("Our products: garden chair", "Weatherproof chair. Price 39,95. Order now, shop online.", "Product"),
    ("Vacancy: backend developer", "Apply for this job. The position is open to all.", "Vacancy"),
    ("Careers", "We have 3 job openings. People can apply by mail. Position: baker.", "Vacancy"),
    ("Open position: nurse", "Your career starts here. Apply for the job today.", "Vacancy"),
    (
        "Flood in the valley",
        "News report. By our author A. Miller, date 2025-03-01. What happened: rivers rose.",
        "News article",
    ),
    ("Mayor resigns - news", "Report of yesterday. It happened at noon. Author: B. Jansen.", "News article"),
    ("Jazz concert in June", "Attend the event: time 20:00, place: Old Church.", "Event"),
    (
        "PyConference 2026",
        "The conference is an event for developers. Place: Utrecht. People attend for free.",
        "Event",
    ),
    ("Monthly meetup", "Meetup at the library. Time: 19:00. Everyone can attend this event.", "Event"),
    ("Apple pie recipe", "Ingredients: apples, flour. Steps: cook the apples. This dish serves four.", "Recipe"),
    ("Lentil soup", "A dish to cook in winter. Ingredients and steps of the recipe below.", "Recipe"),
    (
        "Apartment for rent, 3 rooms",
        "This apartment has a balcony. Rent 900. See the listing of the house.",
        "Real estate listing",
    ),
    ("House with garden", "Real estate: house for sale, 120 m2. Listing 4411.", "Real estate listing"),
    ("Dr. Ada Vermeer - biography", "Profile of a person: what she does, her biography and work.", "Person profile"),
    ("Our team: Jo de Wit", "Team member since 2019. Profile: one person who does it all.", "Person profile"),
    ("Apfelkuchen - Rezept", "Zutaten: Äpfel, Mehl. Zubereitung des Gerichts in drei Schritten.", "Rezept"),
    ("Linsensuppe", "Ein Gericht für den Winter. Zutaten und Zubereitung stehen unten.", "Rezept"),
    ("Imprint", "Responsible: Northmill Ltd. Register 1234.", None),
    ("404", "We could not find that.", None),
    ("Sign in", "User name. Password. Forgotten?", None),
    ("", "", None),
    ("Cookie settings", "We use cookies. Accept all. Reject all.", None),
    ("Privacy", "Your data belongs to you. Contact our officer.", None),
    ("Lorem", "Lorem ipsum dolor sit amet, consectetur adipiscing elit.", None),
    ("Terms of use", "These terms hold for people who order an article in our shop or attend an event.", None),
    ("Privacy for applicants", "We keep your data for six months after you apply for a job.", None),
    ("Contact", "Ask our author team about a report, or visit our house in Utrecht.", None),
    ("Site map", "Shop, news, events, careers, recipes, team", None),
    ("Cook wanted", "Do you know how to cook every dish? Apply: the job is yours, position open now.", "Vacancy"),
    (
        "Shop opens downtown",
        "News report by our author: a shop opened, and what happened at the event.",
        "News article",
    ),
    ("Chef at home: biography of a cook", "One person and the recipes they love.", "Person profile"),
    ("Cookbook for sale", "100 recipes. Price 25, add the article to your cart.", "Product"),
    ("数据", "这里没有任何内容", None),
]
