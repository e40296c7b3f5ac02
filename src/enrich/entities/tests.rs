use super::*;

fn found(text: &str) -> Names {
    names(&Reading::of(text), None)
}

#[test]
fn people_are_named_addressed_titled_or_related() {
    for (text, people) in [
        ("Hey Mel! Coffee later?", vec!["Mel"]),
        ("Hey Zorblax! Coffee later?", vec!["Zorblax"]),
        ("Thanks, Ngozi! It works now.", vec!["Ngozi"]),
        ("That's cool, Oyelaran.", vec!["Oyelaran"]),
        ("Oyelaran, that's cool", vec!["Oyelaran"]),
        ("Yesterday I met Anneke de Vries.", vec!["Anneke de Vries"]),
        ("I saw Dr. Okonkwo about my knee", vec!["Dr. Okonkwo"]),
        (
            "My sister Ludmilla and her husband Piet are here",
            vec!["Ludmilla", "Piet"],
        ),
        (
            "Sarah's brother called Tom Baker.",
            vec!["Sarah", "Tom Baker"],
        ),
        ("We saw Aunt Mary", vec!["Aunt Mary"]),
        ("Tolga said it would rain", vec!["Tolga"]),
    ] {
        assert_eq!(found(text).people, people, "{text}");
    }
}

#[test]
fn a_capital_at_a_sentences_start_makes_no_name() {
    for text in [
        "Wow! Thanks. Yeah, sure.",
        "Yesterday was great. Luckily, it was dry. Hopefully you liked it.",
        "Will you come? May I? Mark my words.",
        "Definitely! Congrats! Absolutely.",
        "Running is fun. Flowers bring joy. Movies, too.",
        "I'm OK. I'll go. LOL, OMG!",
        "On Monday in May I work.",
        "THIS IS SHOUTED BY ME",
        "My Favourite Reading List Ever",
        "Dinner was good",
        "Being kind matters",
    ] {
        let names = found(text);
        assert!(
            names.entities.is_empty() && names.people.is_empty(),
            "{text}: {names:?}"
        );
    }
}

#[test]
fn places_follow_prepositions_of_place_and_motion_or_are_known() {
    for (text, places) in [
        ("I flew to Rome from New York", vec!["Rome", "New York"]),
        ("She lives in Kleinmachnow", vec!["Kleinmachnow"]),
        ("We went to Grumbleby by train", vec!["Grumbleby"]),
        ("Let's meet at Victoria Station", vec!["Victoria Station"]),
        ("Paris was lovely", vec!["Paris"]),
        ("In Costa Rica we hiked", vec!["Costa Rica"]),
        ("I talked to Sarah", vec![]),
        ("a letter from Anneke", vec![]),
        ("in May", vec![]),
    ] {
        assert_eq!(found(text).places, places, "{text}");
    }
}

#[test]
fn other_names_are_entities() {
    for (text, entities) in [
        ("I work for the Bank of America", vec!["Bank of America"]),
        ("the NASA launch team", vec!["NASA"]),
        ("I read \"Sophie's World\" twice", vec!["Sophie's World"]),
        (
            "I learn Portuguese with Duolingo",
            vec!["Portuguese", "Duolingo"],
        ),
        ("my dog Rex is old", vec!["Rex"]),
        ("we use PostgreSQL here", vec!["PostgreSQL"]),
    ] {
        assert_eq!(found(text).entities, entities, "{text}");
    }
}

#[test]
fn the_speaker_is_the_first_of_the_people_unless_it_is_a_role() {
    let reading = Reading::of("Hi Tom");
    assert_eq!(names(&reading, Some("Maria")).people, ["Maria", "Tom"]);
    assert_eq!(names(&reading, Some("assistant")).people, ["Tom"]);
    assert_eq!(names(&reading, Some("Maria")).entities, ["Tom"]);
}
