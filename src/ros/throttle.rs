//! Says a thing once in a while, however often it happens: a camera that is wrong thirty times a second makes one line
//! in five seconds, and a client whose every message is wrong in another way a few.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// After so long everything may be told again.
const WINDOW: Duration = Duration::from_secs(5);
/// Most different lines of a kind in one window.
const MOST_LINES: usize = 50;

struct Window {
    begun: Instant,
    told: Vec<String>,
    untold: u64,
}

/// Decides by kind and line; the kinds must be few, each is remembered.
pub struct Throttle<K> {
    windows: HashMap<K, Window>,
}

impl<K> Default for Throttle<K> {
    fn default() -> Self {
        Self { windows: HashMap::new() }
    }
}

impl<K: Eq + Hash> Throttle<K> {
    /// `Some` when it is time to tell this line: how many of its kind went untold in the window before.
    pub fn tell(&mut self, kind: K, line: &str, now: Instant) -> Option<u64> {
        let fresh = || Window { begun: now, told: Vec::new(), untold: 0 };
        let window = self.windows.entry(kind).or_insert_with(fresh);
        let mut untold = 0;
        if now.duration_since(window.begun) >= WINDOW {
            untold = std::mem::replace(window, fresh()).untold;
        }
        if window.told.len() >= MOST_LINES || window.told.iter().any(|told| told == line) {
            window.untold += 1;
            return None;
        }
        window.told.push(line.to_owned());
        Some(untold)
    }
}

/// Appended to a line: how much was not told, or nothing.
pub fn more(untold: u64) -> String {
    if untold == 0 { String::new() } else { format!(" ({untold} more like this before)") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_line_is_told_once_in_a_window() {
        let mut throttle = Throttle::default();
        let start = Instant::now();
        assert_eq!(throttle.tell("frame", "step", start), Some(0));
        for frame in 1..=100 {
            assert_eq!(throttle.tell("frame", "step", start + Duration::from_millis(frame * 33)), None);
        }
        assert_eq!(throttle.tell("frame", "empty", start + Duration::from_secs(4)), Some(0));
        assert_eq!(throttle.tell("prompts", "step", start + Duration::from_secs(4)), Some(0));
        assert_eq!(throttle.tell("frame", "step", start + WINDOW), Some(100));
        assert_eq!(throttle.tell("frame", "step", start + WINDOW * 2), Some(0));
    }

    #[test]
    fn different_lines_are_told_until_there_are_too_many() {
        let mut throttle = Throttle::default();
        let start = Instant::now();
        let told = (0..100).filter(|n| throttle.tell("prompts", &format!("point {n}"), start).is_some()).count();
        assert_eq!(told, MOST_LINES);
        assert_eq!(throttle.tell("prompts", "point 7", start + WINDOW), Some(50));
    }
}
