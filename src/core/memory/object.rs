//! One object, as it was last seen.

use std::sync::Arc;

use super::Moment;
use crate::core::frame::{Header, Stamp};
use crate::core::geometry::Size;
use crate::core::mask::spans::Spans;
use crate::core::prompt::Shape;
use crate::core::region::names::{NameScore, NameScores};
use crate::core::region::{Caption, CaptionState, Region};
use crate::core::space::Located;
use crate::core::track::TrackId;
use crate::core::words::{Term, Vocabulary};

/// The newest look at an object.
#[derive(Clone, Debug)]
pub struct Remembered {
    pub id: TrackId,
    /// Of the picture in which it was last seen.
    pub header: Header,
    /// Of that picture.
    pub size: Size,
    pub label: u16,
    pub prompt_id: String,
    /// In that picture.
    pub shape: Arc<Spans>,
    pub predicted_iou: f32,
    pub stability: f32,
    pub caption: Caption,
    pub first_seen: Stamp,
    /// `None` without depth.
    pub place: Option<Located>,
    /// The colours of most of its pixels; empty when that is not clear.
    pub colours: Vec<&'static str>,
    pub prompt: Arc<Shape>,
    pub(super) seen: Moment,
    /// The caption's words.
    terms: Arc<[Term]>,
    /// The words of its candidate names, each with the name's score.
    name_terms: Arc<[(Term, f32)]>,
}

/// What is new about an object.
#[derive(Clone, Debug)]
pub struct Sight<'a> {
    pub id: TrackId,
    pub header: &'a Header,
    pub size: Size,
    pub region: &'a Region,
    pub shape: Arc<Spans>,
    /// `None` keeps what was known.
    pub place: Option<Located>,
    /// Empty keeps what was known.
    pub colours: Vec<&'static str>,
    pub moment: Moment,
}

impl Remembered {
    pub(super) fn new(sight: Sight) -> Self {
        let caption = sight.region.caption.clone();
        let words = Words { terms: terms(&caption.text), name_terms: name_terms(&caption.names) };
        Self::seen_as(sight, caption, words)
    }

    /// What is known of it now, after another look.
    pub(super) fn again(sight: Sight, old: &Self) -> Self {
        if sight.moment.taken_secs < old.seen.taken_secs {
            let mut object = old.clone();
            if object.caption.text.is_empty() {
                object.describe(&sight.region.caption);
            }
            return object;
        }
        let mut words = old.clone();
        words.describe(&sight.region.caption);
        let taken_apart = Words { terms: words.terms, name_terms: words.name_terms };
        let mut object = Self::seen_as(sight, words.caption, taken_apart);
        object.place = object.place.or(old.place);
        object.first_seen = object.first_seen.min(old.first_seen);
        if object.colours.is_empty() {
            object.colours.clone_from(&old.colours);
        }
        object
    }

    fn seen_as(sight: Sight, caption: Caption, words: Words) -> Self {
        let Sight { id, header, size, region, shape, place, colours, moment } = sight;
        Self {
            id,
            header: header.clone(),
            size,
            label: region.label,
            prompt_id: region.prompt_id.clone(),
            shape,
            predicted_iou: region.predicted_iou,
            stability: region.stability,
            caption,
            first_seen: region.first_seen,
            place,
            colours,
            prompt: Arc::clone(&region.prompt),
            seen: moment,
            terms: words.terms,
            name_terms: words.name_terms,
        }
    }

    /// Words are kept until there are others: while they are pending, where none were asked for, and where they could not
    /// be made.
    pub(super) fn describe(&mut self, caption: &Caption) {
        if !caption.text.is_empty() || self.caption.text.is_empty() {
            if self.caption.text != caption.text {
                self.terms = terms(&caption.text);
            }
            // Without a captioner names come with each mask: those are kept, too, until there are others.
            let keeps_names = caption.text.is_empty() && caption.names.is_empty();
            let names = if keeps_names { self.caption.names.clone() } else { caption.names.clone() };
            if self.caption.names != names {
                self.name_terms = name_terms(&names);
            }
            self.caption = Caption { names, ..caption.clone() };
        } else {
            self.caption.state = match caption.state {
                CaptionState::None => self.caption.state,
                CaptionState::Failed => CaptionState::Stale,
                state => state,
            };
        }
    }

    pub fn last_seen(&self) -> Stamp {
        self.header.stamp
    }

    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Of its candidate names, each with the name's score, 0 to 1.
    pub fn name_terms(&self) -> &[(Term, f32)] {
        &self.name_terms
    }
}

/// Caption and names, taken apart.
struct Words {
    terms: Arc<[Term]>,
    name_terms: Arc<[(Term, f32)]>,
}

fn name_terms(names: &NameScores) -> Arc<[(Term, f32)]> {
    let terms = |one: &NameScore| {
        Vocabulary::shared().terms(&one.name).into_iter().map(|term| (term, one.score)).collect::<Vec<_>>()
    };
    names.iter().flat_map(terms).collect()
}

fn terms(caption: &str) -> Arc<[Term]> {
    Vocabulary::shared().terms(caption).into()
}
