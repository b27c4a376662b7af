//! Where one thing is, seen from another, as far as a picture can tell.

use std::fmt;

/// In the picture, as the camera sees it: left is the picture's left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    LeftOf,
    RightOf,
    Above,
    Below,
    NextTo,
    On,
    In,
}

impl Relation {
    /// `None` for words that speak of parts ("with"), of stuff ("of"), or of what a picture does not tell ("behind").
    pub(super) fn said_by(words: &str) -> Option<Self> {
        Some(match words {
            "left of" | "to the left of" => Self::LeftOf,
            "right of" | "to the right of" => Self::RightOf,
            "above" | "over" => Self::Above,
            "below" | "under" | "underneath" => Self::Below,
            "next to" | "beside" | "besides" | "near" | "by" | "close to" => Self::NextTo,
            "on" | "on top of" => Self::On,
            "in" | "inside" => Self::In,
            _ => return None,
        })
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LeftOf => "left of",
            Self::RightOf => "right of",
            Self::Above => "above",
            Self::Below => "below",
            Self::NextTo => "next to",
            Self::On => "on",
            Self::In => "in",
        })
    }
}
