//! The caller's end of a goal.

use std::sync::Arc;

use super::course::{Course, News};
use crate::core::frame::Stamp;
use crate::core::result_code::ResultCode;
use crate::runtime::api::{DescribeProgress, Refusal};
use crate::runtime::stats::Stats;

/// A goal that runs. Dropping it ends the goal.
pub struct Describing {
    course: Arc<Course>,
    stats: Arc<Stats>,
}

/// What came of a goal.
#[derive(Clone, Debug)]
pub struct Described {
    /// Of the image; zero when the goal ended before its regions were found.
    pub stamp: Stamp,
    /// Ids and words in the order of the labels; the words are "" where none were asked for or none came.
    pub regions: Vec<(String, String)>,
    /// Why not everything was done: `TIMEOUT`, `CANCELED`, `NOT_ACTIVE`, `NO_IMAGE`, `INTERNAL`, or what is wrong with the
    /// image.
    pub ending: Result<(), Refusal>,
}

impl Describing {
    pub(in crate::runtime) fn new(course: Arc<Course>, stats: Arc<Stats>) -> Self {
        Self { course, stats }
    }

    /// The next step of its way; `None` when it has ended. Must be awaited in a tokio runtime with time enabled, without
    /// long pauses: it also keeps the time limit. Can be dropped while it waits without losing anything.
    pub async fn progress(&mut self) -> Option<DescribeProgress> {
        loop {
            match self.course.news() {
                News::Progress(report) => return Some(report),
                News::Ended => return None,
                News::Wait(None) => self.course.changed().await,
                News::Wait(Some(left)) => {
                    // Late or changed, it is looked at again.
                    let _ = tokio::time::timeout(left, self.course.changed()).await;
                }
            }
        }
    }

    /// Ends it now, with what is done so far; no further progress is told.
    pub fn cancel(&self) {
        self.course.cancel();
    }

    /// What came of it. Before its end, this cancels it.
    pub fn ended(self) -> Described {
        self.course.cancel();
        let (stamp, regions, ending) = self.course.outcome();
        let lost = || Err(Refusal::new(ResultCode::Internal, "the goal has no end"));
        Described { stamp, regions, ending: ending.unwrap_or_else(lost) }
    }
}

impl Drop for Describing {
    fn drop(&mut self) {
        self.course.cancel();
        let (_, _, ending) = self.course.outcome();
        self.stats.goals_done.add(u64::from(matches!(ending, Some(Ok(())))));
    }
}
