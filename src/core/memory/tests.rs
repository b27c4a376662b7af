use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::*;
use crate::core::geometry::PixelBox;
use crate::core::mask::Mask;
use crate::core::mask::spans::Spans;
use crate::core::prompt::Shape;
use crate::core::region::names::NameScores;
use crate::core::region::{CaptionState, Region};

static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// When a picture of second `secs` comes in.
pub(crate) fn at(secs: i32) -> Instant {
    *BEGIN + Duration::from_secs(secs as u64)
}

/// A memory to be filled with squares of 10 pixels.
pub(crate) struct Album {
    pub memory: RegionMemory,
}

/// An object for [`Album::put`].
#[derive(Clone)]
pub(crate) struct Entry {
    pub id: u64,
    pub secs: i32,
    /// From the picture's arrival to its answer.
    pub took_secs: i32,
    pub camera: &'static str,
    pub at: (u32, u32),
    pub side: u32,
    pub caption: String,
    pub place: Option<Located>,
    pub colours: Vec<&'static str>,
}

impl Entry {
    pub fn new(id: u64, caption: &str) -> Self {
        let (caption, colours) = (caption.to_owned(), Vec::new());
        Self { id, secs: 100, took_secs: 0, camera: "front", at: (0, 0), side: 10, caption, place: None, colours }
    }
}

impl Album {
    pub fn new(capacity: usize) -> Self {
        Self { memory: RegionMemory::new(capacity) }
    }

    pub fn caption(&mut self, id: TrackId, caption: &Caption) -> bool {
        self.memory.complete(id, caption, None, Picture::default())
    }

    pub fn put(&mut self, entry: Entry) {
        let stamp = Stamp { secs: entry.secs, nanos: 0 };
        let header = Header { origin: entry.camera.into(), stamp, frame_id: "optical".into() };
        let mask = Mask::filled(PixelBox::new(entry.at.0, entry.at.1, entry.side, entry.side)).unwrap();
        let state = if entry.caption.is_empty() { CaptionState::Pending } else { CaptionState::Done };
        let shape = Arc::new(Spans::from(&mask));
        let region = Region {
            id: TrackId(entry.id).to_string(),
            label: 1,
            prompt_id: String::new(),
            mask: Arc::new(mask),
            predicted_iou: 0.9,
            stability: 0.9,
            caption: Caption {
                state,
                text: entry.caption.clone(),
                score: -0.1,
                captioned_at: stamp,
                ..Caption::default()
            },
            place: None,
            first_seen: stamp,
            last_seen: stamp,
            prompt: Arc::new(Shape::Everything),
        };
        let Entry { id, place, colours, .. } = entry;
        let (id, header, size) = (TrackId(id), &header, Size::new(640, 480));
        let moment = self.memory.look(header, size, Some(at(stamp.secs)), at(stamp.secs + entry.took_secs));
        self.memory.remember(Sight { id, header, size, region: &region, shape, place, colours, moment });
    }
}

fn place(z: f64) -> Located {
    Located { position: [0.0, 0.0, z], centre: [0.0, 0.0, z], extent: [0.1; 3], valid_share: 1.0, confidence: 1.0 }
}

#[test]
fn the_newest_look_counts_and_what_it_lacks_stays() {
    let mut album = Album::new(10);
    album.put(Entry { place: Some(place(2.0)), colours: vec!["red"], ..Entry::new(1, "a red mug") });
    album.put(Entry { secs: 105, at: (50, 60), ..Entry::new(1, "") });
    let mug = album.memory.get(TrackId(1)).unwrap();
    assert_eq!((mug.first_seen.secs, mug.last_seen().secs, mug.shape.bbox().x), (100, 105, 50));
    assert_eq!((mug.caption.state, mug.caption.text.as_str()), (CaptionState::Pending, "a red mug"));
    assert_eq!((mug.place, &mug.colours[..], mug.terms().len()), (Some(place(2.0)), &["red"][..], 2));
    let caption = Caption { state: CaptionState::Done, text: "a bowl".into(), ..Caption::default() };
    assert!(album.caption(TrackId(1), &caption));
    assert_eq!(album.memory.get(TrackId(1)).unwrap().terms()[0].word, "bowl");
    assert!(!album.caption(TrackId(9), &caption));
}

#[test]
fn words_stay_until_there_are_others() {
    let mut album = Album::new(10);
    album.put(Entry::new(1, "a red mug"));
    for (state, then) in [
        (CaptionState::None, CaptionState::Done),
        (CaptionState::Pending, CaptionState::Pending),
        (CaptionState::Failed, CaptionState::Stale),
    ] {
        album.caption(TrackId(1), &Caption { state, ..Caption::default() });
        let caption = &album.memory.get(TrackId(1)).unwrap().caption;
        assert_eq!((caption.state, caption.text.as_str()), (then, "a red mug"));
    }
    album.put(Entry::new(2, ""));
    album.caption(TrackId(2), &Caption { state: CaptionState::Failed, ..Caption::default() });
    assert_eq!(album.memory.get(TrackId(2)).unwrap().caption.state, CaptionState::Failed);
}

#[test]
fn a_place_that_comes_later_counts_for_the_look_that_it_is_of() {
    let mut album = Album::new(10);
    album.put(Entry::new(1, "a mug"));
    let of = |secs, arrived| Picture { stamp: Stamp { secs, nanos: 0 }, arrived };
    album.memory.complete(TrackId(1), &Caption::default(), Some(place(1.0)), of(100, None));
    assert_eq!(album.memory.get(TrackId(1)).unwrap().place, Some(place(1.0)));
    album.memory.complete(TrackId(1), &Caption::default(), Some(place(9.0)), of(99, None));
    assert_eq!(album.memory.get(TrackId(1)).unwrap().place, Some(place(1.0)));
    // The same stamp again, as it is where there is none: another picture all the same.
    album.memory.complete(TrackId(1), &Caption::default(), Some(place(9.0)), of(100, Some(at(99))));
    assert_eq!(album.memory.get(TrackId(1)).unwrap().place, Some(place(1.0)));
    album.memory.complete(TrackId(1), &Caption::default(), Some(place(2.0)), of(100, Some(at(100))));
    assert_eq!(album.memory.get(TrackId(1)).unwrap().place, Some(place(2.0)));
}

#[test]
fn an_older_look_does_not_displace_a_newer_one() {
    let mut album = Album::new(10);
    album.put(Entry { secs: 105, at: (50, 60), ..Entry::new(1, "") });
    album.put(Entry { secs: 100, ..Entry::new(1, "a red mug") });
    let mug = album.memory.get(TrackId(1)).unwrap();
    assert_eq!((mug.last_seen().secs, mug.shape.bbox().x, mug.caption.text.as_str()), (105, 50, "a red mug"));
    assert_eq!(album.memory.view("front").unwrap().header.stamp.secs, 105);
}

#[test]
fn a_copy_is_not_changed() {
    let mut album = Album::new(10);
    album.put(Entry::new(1, "a mug"));
    let copy = album.memory.clone();
    album.caption(TrackId(1), &Caption { text: "a bowl".into(), ..Caption::default() });
    album.put(Entry::new(2, "a box"));
    assert_eq!((copy.len(), copy.get(TrackId(1)).unwrap().caption.text.as_str()), (1, "a mug"));
}

#[test]
fn the_stalest_goes_when_it_is_full() {
    let mut album = Album::new(2);
    album.put(Entry { secs: 50, ..Entry::new(1, "a mug") });
    album.put(Entry { secs: 40, ..Entry::new(2, "a bowl") });
    album.put(Entry { secs: 45, ..Entry::new(3, "a box") });
    let ids = |album: &Album| album.memory.iter().map(|object| object.id.0).collect::<Vec<_>>();
    assert_eq!(ids(&album), [1, 3]);
    album.put(Entry { secs: 60, ..Entry::new(3, "a box") });
    assert_eq!(ids(&album), [1, 3], "another look is no other object");
    album.memory.set_capacity(1);
    assert_eq!(ids(&album), [3]);
}

#[test]
fn old_ones_are_forgotten() {
    let mut album = Album::new(5);
    album.put(Entry { secs: 10, ..Entry::new(1, "a mug") });
    album.put(Entry { secs: 20, ..Entry::new(2, "a mug") });
    assert!(!album.memory.has_expired(at(20), 10.0) && album.memory.has_expired(at(25), 10.0));
    assert_eq!(album.memory.expire(at(25), 10.0), [TrackId(1)]);
    assert_eq!(album.memory.age_secs(album.memory.get(TrackId(2)).unwrap(), at(25)), 5.0);
    assert_eq!(album.memory.expire(at(5), 0.0), [], "a clock that went back makes nothing old");
    album.memory.forget(TrackId(2));
    assert!(album.memory.is_empty());
}

#[test]
fn age_counts_from_the_picture_and_forgetting_from_the_answer() {
    let mut album = Album::new(5);
    album.put(Entry { took_secs: 40, ..Entry::new(1, "a mug") });
    let age_secs = |album: &Album, now| album.memory.age_secs(album.memory.get(TrackId(1)).unwrap(), at(now));
    assert_eq!(age_secs(&album, 140), 40.0, "as old as its picture");
    assert_eq!(album.memory.expire(at(165), 30.0), [], "answered 25 s ago");
    album.put(Entry { secs: 150, took_secs: 18, ..Entry::new(2, "a bowl") });
    assert_eq!(age_secs(&album, 168), 68.0);
    assert_eq!(album.memory.expire(at(171), 30.0), [TrackId(1)]);
    assert_eq!(album.memory.expire(at(198), 30.0), []);
    assert_eq!(album.memory.expire(at(199), 30.0), [TrackId(2)]);
}

#[test]
fn names_are_kept_as_words_are() {
    let names = |name: &'static str| NameScores::best(&[name].into_iter().collect(), [0.5]);
    let mut album = Album::new(10);
    album.put(Entry::new(1, ""));
    album.caption(TrackId(1), &Caption { names: names("cup"), ..Caption::default() });
    album.put(Entry { secs: 101, ..Entry::new(1, "") });
    let known = |album: &Album| {
        let object = album.memory.get(TrackId(1)).unwrap().clone();
        assert_eq!(object.name_terms().len(), object.caption.names.iter().count());
        object.caption.names.iter().map(|one| one.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(known(&album), ["cup"], "a look without names takes none away");
    let said = Caption { text: "a bowl".into(), names: names("bowl"), ..Caption::default() };
    album.caption(TrackId(1), &said);
    album.put(Entry { secs: 102, ..Entry::new(1, "") });
    assert_eq!(known(&album), ["bowl"]);
    album.caption(TrackId(1), &Caption { text: "a thing".into(), ..Caption::default() });
    assert!(known(&album).is_empty(), "new words come with their own names");
}
