use std::time::Instant;

use proptest::prelude::*;

use super::*;
use crate::core::frame::{Header, Stamp};
use crate::core::geometry::Size;
use crate::core::memory::tests::{Album, Entry, at};
use crate::core::region::names::NameScores;
use crate::core::region::{Caption, CaptionState};
use crate::core::space::Located;
use crate::core::testing::dice::Dice;

fn now() -> Instant {
    at(200)
}

fn kitchen() -> Album {
    let captions = [
        "a red mug",
        "a blue mug",
        "a red bowl",
        "a small glass bottle",
        "a white plate next to a red mug",
        "a brown couch",
        "a crimson cup with a white handle",
        "a red fire extinguisher",
        "a green apple",
        "a pair of scissors",
        "a metal hammer with a wooden handle",
        "an orange",
        "a flubber",
    ];
    let mut album = Album::new(100);
    for (id, caption) in (1..).zip(captions) {
        album.put(Entry::new(id, caption));
    }
    album
}

fn text(text: &str) -> Query {
    Query { text: text.to_owned(), ..Query::default() }
}

fn ids(album: &Album, query: &Query) -> Vec<u64> {
    album.memory.ask(query, now()).unwrap().iter().map(|answer| answer.object.id.0).collect()
}

/// The captions of the answers with at least this relevance, best first.
fn good(album: &Album, question: &str, min_score: f32) -> Vec<String> {
    let answers = album.memory.ask(&Query { min_score, ..text(question) }, now()).unwrap();
    answers.iter().map(|answer| answer.object.caption.text.clone()).collect()
}

#[test]
fn what_it_is_counts_more_than_what_it_is_like() {
    let album = kitchen();
    let best = good(&album, "Where is the red mug?", 0.3);
    assert_eq!(best[..3], ["a red mug", "a crimson cup with a white handle", "a blue mug"]);
    assert!(best.contains(&"a red bowl".to_owned()), "it is red at least");
    assert_eq!(album.memory.ask(&text("red mug"), now()).unwrap()[0].score, 1.0);
    assert_eq!(good(&album, "red mugs", 0.95), ["a red mug"]);
}

#[test]
fn synonyms_kinds_and_verbs_are_understood() {
    let album = kitchen();
    assert_eq!(good(&album, "sofa", 0.5), ["a brown couch"]);
    let drink = good(&album, "something to drink from", 0.5);
    let expected = ["a red mug", "a blue mug", "a small glass bottle", "a crimson cup with a white handle"];
    assert!(expected.iter().all(|caption| drink.contains(&(*caption).to_owned())), "{drink:?}");
    assert_eq!(drink.len(), expected.len(), "and no plate: {drink:?}");
    assert_eq!(good(&album, "something to sit on", 0.5), ["a brown couch"]);
    assert_eq!(good(&album, "fruit", 0.5), ["a green apple", "an orange"]);
    assert_eq!(good(&album, "a tool", 0.5), ["a pair of scissors", "a metal hammer with a wooden handle"]);
    assert_eq!(good(&album, "extinguisher", 0.3), ["a red fire extinguisher"]);
    assert_eq!(good(&album, "something orange", 0.3), ["an orange"]);
}

#[test]
fn what_is_said_of_other_things_counts_little() {
    let album = kitchen();
    let mugs = album.memory.ask(&text("mug"), now()).unwrap();
    let plate = mugs.iter().find(|answer| answer.object.id.0 == 5).unwrap();
    assert!(plate.score < 0.4, "{}", plate.score);
    assert_eq!(good(&album, "plate next to a mug", 0.9), ["a white plate next to a red mug"]);
    assert_eq!(good(&album, "hammer with a wooden handle", 0.9), ["a metal hammer with a wooden handle"]);
}

#[test]
fn typos_are_taken_for_what_they_look_like() {
    let album = kitchen();
    assert_eq!(good(&album, "botle", 0.5), ["a small glass bottle"]);
    assert_eq!(good(&album, "scisors", 0.5), ["a pair of scissors"]);
    assert_eq!(good(&album, "flubbr", 0.5), ["a flubber"], "from a caption, though no vocabulary has it");
    assert_eq!(good(&album, "Hamer!", 0.5), ["a metal hammer with a wooden handle"]);
    assert_eq!(good(&album, "xyzzyq", 0.0), [""; 0]);
    assert_eq!(good(&album, "wall", 0.0), [""; 0], "a known word is what it is");
}

#[test]
fn negated_words_exclude() {
    let album = kitchen();
    let mugs = good(&album, "a mug that is not red", 0.6);
    assert_eq!(mugs, ["a blue mug"]);
    assert_eq!(good(&album, "hammer without handle", 0.1), [""; 0]);
    assert!(!good(&album, "not a mug", 0.0).iter().any(|caption| caption.starts_with("a red mug")));
}

#[test]
fn pixels_know_the_colour_that_the_caption_lacks() {
    let mut album = kitchen();
    album.put(Entry { colours: vec!["purple"], ..Entry::new(50, "a mug") });
    let answers = album.memory.ask(&text("purple mug"), now()).unwrap();
    assert_eq!(answers[0].object.id.0, 50);
    assert_eq!(answers[0].reasons[0].found, Some(("purple".into(), How::Pixels)));
}

#[test]
fn questions_without_words_get_everything() {
    let album = kitchen();
    for question in ["", "what do you see?", "???", "the"] {
        let answers = album.memory.ask(&text(question), now()).unwrap();
        assert!(answers.len() == 13 && answers.iter().all(|answer| answer.score == 1.0), "{question}");
    }
    assert_eq!(ids(&album, &Query { limit: 2, ..Query::default() }), [1, 2]);
}

/// A bowl in the middle of a tray, a mug on each side of it, and a fork above.
fn table() -> Album {
    let mut album = Album::new(20);
    album.put(Entry { at: (100, 100), side: 300, ..Entry::new(1, "a wooden tray") });
    for (id, at, caption) in [
        (2, (230, 230), "a blue bowl"),
        (3, (150, 230), "a red mug"),
        (4, (300, 230), "a green mug"),
        (5, (230, 120), "a fork"),
        (6, (560, 420), "a yellow mug"),
    ] {
        album.put(Entry { at, side: 40, ..Entry::new(id, caption) });
    }
    album
}

#[test]
fn where_it_is_can_be_seen_in_the_picture() {
    let album = table();
    assert_eq!(good(&album, "the mug left of the bowl", 0.9), ["a red mug"]);
    assert_eq!(good(&album, "the cup to the right of the blue bowl", 0.9), ["a green mug", "a yellow mug"]);
    assert_eq!(good(&album, "mug next to a bowl", 0.9), ["a red mug", "a green mug"]);
    assert_eq!(good(&album, "fork above the bowl", 0.9), ["a fork"]);
    assert_eq!(good(&album, "bowl below a fork", 0.9), ["a blue bowl"]);
    assert_eq!(good(&album, "mug on the tray", 0.9), ["a red mug", "a green mug"]);
    assert_eq!(good(&album, "what is on the tray?", 0.9), ["a blue bowl", "a red mug", "a green mug", "a fork"]);
    assert_eq!(good(&album, "a mug that is not on the tray", 0.5), ["a yellow mug"]);
    assert_eq!(
        good(&album, "mug left of the red bowl", 0.85),
        ["a red mug"],
        "there is no red bowl: it may be the blue one"
    );
    assert_eq!(good(&album, "mug left of the sofa", 0.8), [""; 0]);
    let answers = album.memory.ask(&text("mug left of the bowl"), now()).unwrap();
    assert_eq!(answers[0].reasons[1].to_string(), "bowl: left of r2, as the picture shows, 0.32 of 0.33");
}

#[test]
fn of_two_clauses_of_one_relation_both_hold() {
    let mut album = table();
    album.put(Entry { at: (80, 230), side: 40, ..Entry::new(7, "a spoon") });
    assert_eq!(good(&album, "mug next to the bowl and next to the spoon", 0.9), ["a red mug"]);
    assert_eq!(good(&album, "mug next to the spoon and the bowl", 0.9), ["a red mug"]);
    assert_eq!(good(&album, "mug next to the bowl, next to the spoon", 0.9), ["a red mug"]);
    let album = kitchen();
    let plate = album.memory.ask(&text("mug next to the bowl, plate"), now()).unwrap();
    let plate = plate.iter().find(|answer| answer.object.caption.text.starts_with("a white plate")).unwrap();
    assert_eq!(plate.reasons[2].adds, plate.reasons[2].at_most, "a plate is asked for, not something beside one");
}

#[test]
fn places_in_pictures_of_long_ago_say_nothing() {
    let mut album = table();
    album.put(Entry { secs: 110, at: (230, 300), side: 40, ..Entry::new(7, "a spoon") });
    assert_eq!(good(&album, "spoon below the bowl", 0.9), [""; 0]);
    album.put(Entry { secs: 110, at: (230, 230), side: 40, ..Entry::new(2, "a blue bowl") });
    assert_eq!(good(&album, "spoon below the bowl", 0.9), ["a spoon"]);
}

#[test]
fn the_score_is_explained() {
    let album = kitchen();
    let answers = album.memory.ask(&text("red cupp"), now()).unwrap();
    let reasons: Vec<String> = answers[0].reasons.iter().map(ToString::to_string).collect();
    assert_eq!(
        reasons,
        ["red: red, the word itself, 0.33 of 0.33", "cupp (taken for cup): mug, another name, 0.54 of 0.67",]
    );
    for answer in &answers {
        let sum: f32 = answer.reasons.iter().map(|reason| reason.adds).sum();
        assert!((sum - answer.score).abs() < 1e-6);
    }
    let apple = album.memory.ask(&Query { ids: [TrackId(9)].into(), ..text("red apple") }, now()).unwrap();
    assert_eq!(apple[0].reasons[0].to_string(), "red: not found");
}

#[test]
fn all_filters_must_hold() {
    let place = |z| {
        Some(Located {
            position: [0.0, 0.0, z],
            centre: [0.0, 0.0, z],
            extent: [0.1; 3],
            valid_share: 1.0,
            confidence: 1.0,
        })
    };
    let mut album = Album::new(10);
    album.put(Entry { at: (0, 0), side: 100, secs: 150, place: place(1.0), ..Entry::new(1, "a table") });
    album.put(Entry { at: (40, 40), place: place(3.0), secs: 150, ..Entry::new(2, "a mug") });
    album.put(Entry { at: (300, 200), secs: 190, camera: "rear", ..Entry::new(3, "a mug") });
    let asked = |query: Query| ids(&album, &query);
    let every = Query::default;
    assert_eq!(asked(Query { point: Some((45.5, 45.5)), ..every() }), [2, 1], "the smaller lies on top");
    assert_eq!(asked(Query { rect: PixelBox::new(49, 49, 260, 160), ..every() }), [1, 2, 3]);
    assert_eq!(asked(Query { rect: PixelBox::new(50, 101, u32::MAX, u32::MAX), ..every() }), [3]);
    assert_eq!(asked(Query { camera: "rear".into(), ..every() }), [3]);
    assert_eq!(asked(Query { max_age_secs: 20.0, ..every() }), [3]);
    assert_eq!(asked(Query { max_distance: 2.0, ..every() }), [1], "what has no place is not near");
    assert_eq!(asked(Query { ids: [TrackId(2), TrackId(9)].into(), ..every() }), [2]);
    assert_eq!(asked(Query { max_age_secs: 100.0, max_distance: 5.0, ..text("mug") }), [2]);
    assert_eq!(asked(Query { ids: [TrackId(1)].into(), ..text("mug") }), [0u64; 0]);
}

#[test]
fn nonsense_is_refused() {
    let album = kitchen();
    let fault = |query: Query| album.memory.ask(&query, now()).unwrap_err().to_string();
    let every = Query::default;
    assert_eq!(
        fault(Query { point: Some((f32::NAN, 1.0)), ..every() }),
        "point: expected finite coordinates, got (NaN, 1)"
    );
    assert_eq!(
        fault(Query { point: Some((640.0, 1.0)), ..every() }),
        "point: expected a pixel of the image of 640x480, got (640, 1)"
    );
    assert!(fault(Query { point: Some((5.0, -0.5)), ..every() }).starts_with("point"));
    assert_eq!(
        fault(Query { rect: PixelBox::new(5, 480, 10, 10), ..every() }),
        "box: expected a part of the image of 640x480, got 10x10 at (5, 480)"
    );
    assert_eq!(
        fault(Query { rect: PixelBox::new(5, 5, 10, 0), ..every() }),
        "box: expected width and height of at least 1 (width 0: no filter), got 10x0"
    );
    assert_eq!(fault(text(&"a ".repeat(200))), "text: expected at most 256 characters, got 400");
    assert_eq!(fault(Query { min_score: 1.5, ..every() }), "min_score: expected 0 to 1, got 1.5");
    assert!(fault(Query { min_score: f32::NAN, ..every() }).starts_with("min_score"));
    assert!(fault(Query { max_age_secs: -1.0, ..every() }).starts_with("max_age"));
    assert!(fault(Query { max_distance: f32::NAN, ..every() }).starts_with("max_distance"));
}

#[test]
fn before_the_first_picture_no_pixel_lies_outside() {
    let empty = Album::new(10);
    assert_eq!(ids(&empty, &Query { point: Some((5000.0, 5000.0)), ..Query::default() }), [0u64; 0]);
}

#[test]
fn pixels_are_those_of_the_newest_picture() {
    let mut album = Album::new(10);
    album.put(Entry { at: (100, 100), side: 20, ..Entry::new(1, "a mug") });
    let header = album.memory.view("front").unwrap().header.clone();
    let header = Header { stamp: Stamp { secs: 101, nanos: 0 }, ..header };
    album.memory.look(&header, Size::new(1280, 960), Some(at(101)), at(101));
    assert_eq!(ids(&album, &Query { point: Some((220.0, 220.0)), ..Query::default() }), [1]);
    assert_eq!(ids(&album, &Query { point: Some((110.0, 110.0)), ..Query::default() }), [0u64; 0]);
    assert_eq!(ids(&album, &Query { rect: PixelBox::new(239, 239, 900, 1), ..Query::default() }), [1]);
    assert_eq!(ids(&album, &Query { rect: PixelBox::new(100, 100, 50, 50), ..Query::default() }), [0u64; 0]);
}

#[test]
fn ties_go_to_the_lowest_id() {
    let mut album = Album::new(10);
    for (id, secs) in [(3, 100), (1, 100), (2, 150)] {
        album.put(Entry { secs, ..Entry::new(id, "a mug") });
    }
    assert_eq!(ids(&album, &text("mug")), [1, 2, 3]);
    assert_eq!(ids(&album, &Query { limit: 1, ..text("mug") }), [1]);
}

/// 1,000 objects with captions as the built-in model makes them.
fn full_memory() -> Album {
    let (sizes, colours) = (["", "small ", "large "], ["red", "blue", "green", "white", "black"]);
    let nouns = ["mug", "bowl", "bottle", "box", "chair", "screwdriver", "apple", "potted plant", "can", "book"];
    let relations = ["", " next to a bowl", " on a wooden table", " with a yellow handle"];
    let (mut dice, mut album) = (Dice::new(11), Album::new(1000));
    for id in 1..=1000 {
        let mut one = |words: &[&'static str]| words[dice.below(words.len())];
        let caption = format!("a {}{} {}{}", one(&sizes), one(&colours), one(&nouns), one(&relations));
        let at = (dice.below(600) as u32, dice.below(400) as u32);
        album.put(Entry { at, side: 40, secs: 100 + dice.below(90) as i32, ..Entry::new(id, &caption) });
    }
    album
}

/// How long that takes is measured in `benches/query.rs`.
#[test]
fn of_a_thousand_objects_the_best_ten_are_those_of_all_answers() {
    let album = full_memory();
    assert_eq!(album.memory.len(), 1000);
    for question in ["red mug", "something to drink from", "smal screwdrivver next to the bolw", "not red", ""] {
        let every = ids(&album, &Query { limit: 1000, ..text(question) });
        assert!(every.len() > 10, "{question}: {}", every.len());
        assert_eq!(ids(&album, &Query { limit: 10, ..text(question) }), every[..10], "{question}");
    }
}

fn named(text: &str, names: &[(&'static str, f32)]) -> Caption {
    let list = names.iter().map(|(name, _)| *name).collect();
    let names = NameScores::best(&list, names.iter().map(|(_, score)| *score));
    Caption { state: CaptionState::Done, text: text.into(), names, ..Caption::default() }
}

#[test]
fn a_candidate_name_answers_as_far_as_its_score_goes() {
    let mut album = Album::new(10);
    for id in 1..=3 {
        album.put(Entry::new(id, ""));
    }
    album.caption(TrackId(1), &named("a white thing", &[("coffee cup", 0.5), ("jar", 0.25)]));
    album.caption(TrackId(2), &named("a red cup", &[("jar", 0.75)]));
    album.caption(TrackId(3), &named("a flat thing", &[("plate", 0.9)]));
    let scores = |question: &str| {
        let answers = album.memory.ask(&text(question), now()).unwrap();
        answers.iter().map(|answer| (answer.object.id.0, answer.score)).collect::<Vec<_>>()
    };
    assert_eq!(scores("jar"), [(2, 0.75), (1, 0.25)]);
    let cups = scores("cup");
    assert_eq!(cups[0], (2, 1.0), "the caption's own word is worth all");
    assert!(cups.len() == 2 && cups[1].0 == 1 && cups[1].1 <= 0.5, "{cups:?}");
    assert_eq!(scores("a thing that is no plate").iter().filter(|(id, _)| *id == 3).count(), 0, "0.9 is certain");
    let reasons = &album.memory.ask(&text("jar"), now()).unwrap()[0].reasons;
    assert_eq!(reasons[0].to_string(), "jar: jar, the word itself, 0.75 of 1.00");
}

#[test]
fn a_name_that_no_vocabulary_has_is_no_typo() {
    let mut album = Album::new(10);
    album.put(Entry::new(1, "a flubber"));
    album.put(Entry::new(2, ""));
    album.caption(TrackId(2), &named("a thing", &[("flubbar", 0.5)]));
    assert_eq!(ids(&album, &text("flubbar")), [2]);
}

proptest! {
    #[test]
    fn any_text_is_answered_and_always_the_same(question in ".{0,40}|(red|mug|not|or|to|drink|,| ){0,9}") {
        let album = kitchen();
        let answers = album.memory.ask(&text(&question), now()).unwrap();
        prop_assert!(answers.iter().all(|answer| answer.score > 0.0 && answer.score <= 1.0));
        prop_assert!(answers.is_sorted_by(|a, b| a.score >= b.score));
        let again = ids(&album, &text(&question));
        prop_assert_eq!(answers.iter().map(|answer| answer.object.id.0).collect::<Vec<_>>(), again);
    }
}
