//! Says a thing once in a while, however often it happens: a camera that is wrong thirty times a second makes one line
//! in five seconds.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// How long a kind of trouble stays silent after it was told.
pub const EVERY: Duration = Duration::from_secs(5);

struct Told {
    at: Instant,
    /// How often it has happened since, untold.
    since: u64,
}

/// Decides by kind; the kinds must be few, each is remembered.
pub struct Throttle<K> {
    told: HashMap<K, Told>,
}

impl<K> Default for Throttle<K> {
    fn default() -> Self {
        Self { told: HashMap::new() }
    }
}

impl<K: Eq + Hash> Throttle<K> {
    /// `Some` when it is time to tell: how often the same has happened untold since the last time.
    pub fn tell(&mut self, kind: K, now: Instant) -> Option<u64> {
        match self.told.get_mut(&kind) {
            Some(told) if now.duration_since(told.at) < EVERY => {
                told.since += 1;
                None
            }
            told => {
                let since = told.map_or(0, |told| told.since);
                self.told.insert(kind, Told { at: now, since: 0 });
                Some(since)
            }
        }
    }
}

/// Appended to a message: " (41 more like this)", or nothing.
pub fn more(untold: u64) -> String {
    if untold == 0 { String::new() } else { format!(" ({untold} more like this since the last message)") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_at_once_then_counts_then_tells_again() {
        let mut throttle = Throttle::default();
        let start = Instant::now();
        assert_eq!(throttle.tell("step", start), Some(0));
        for frame in 1..=100 {
            assert_eq!(throttle.tell("step", start + Duration::from_millis(frame * 33)), None);
        }
        assert_eq!(throttle.tell("empty", start + Duration::from_secs(1)), Some(0));
        assert_eq!(throttle.tell("step", start + EVERY), Some(100));
        assert_eq!(throttle.tell("step", start + EVERY * 2), Some(0));
    }
}
