//! Counters and latencies of the running node, written without locks by its threads and read by anyone.

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Samples over which a stage's figures are taken.
const WINDOW: usize = 256;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, n: u64) {
        self.0.fetch_add(n, Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// The last [`WINDOW`] durations of one stage.
#[derive(Debug)]
pub struct Latency {
    recorded: AtomicU64,
    micros: [AtomicU32; WINDOW],
}

impl Default for Latency {
    fn default() -> Self {
        Self { recorded: AtomicU64::new(0), micros: [const { AtomicU32::new(0) }; WINDOW] }
    }
}

impl Latency {
    pub(super) fn record(&self, took: Duration) {
        let index = self.recorded.fetch_add(1, Relaxed) as usize % WINDOW;
        self.micros[index].store(u32::try_from(took.as_micros()).unwrap_or(u32::MAX), Relaxed);
    }

    /// Runs `act` and records how long it took.
    pub(super) fn time<T>(&self, act: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let result = act();
        self.record(begun.elapsed());
        result
    }

    /// A writer at work may make one sample one round older; the figures are for people and diagnostics.
    pub fn figures(&self) -> LatencyFigures {
        let count = self.recorded.load(Relaxed);
        let filled = usize::try_from(count).unwrap_or(WINDOW).min(WINDOW);
        if filled == 0 {
            return LatencyFigures::default();
        }
        let duration = |micros: u32| Duration::from_micros(u64::from(micros));
        let last = duration(self.micros[(count - 1) as usize % WINDOW].load(Relaxed));
        let mut sorted: Vec<u32> = self.micros[..filled].iter().map(|sample| sample.load(Relaxed)).collect();
        sorted.sort_unstable();
        let sum: u64 = sorted.iter().copied().map(u64::from).sum();
        // Nearest rank: the smallest sample that at least that share of the samples does not exceed.
        let percentile = |percent: usize| duration(sorted[(filled * percent).div_ceil(100) - 1]);
        LatencyFigures {
            count,
            last,
            mean: Duration::from_micros(sum / filled as u64),
            p50: percentile(50),
            p99: percentile(99),
        }
    }
}

/// How long a stage took, over the last 256 times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LatencyFigures {
    /// Times since start, not only those in the window.
    pub count: u64,
    pub last: Duration,
    pub mean: Duration,
    pub p50: Duration,
    pub p99: Duration,
}

impl fmt::Display for LatencyFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
        write!(f, "p50 {:.1} ms, p99 {:.1} ms, last {:.1} ms", ms(self.p50), ms(self.p99), ms(self.last))
    }
}

macro_rules! stats {
    (counters: $($(#[$counter_doc:meta])* $counter:ident),+ ; latencies: $($(#[$latency_doc:meta])* $latency:ident),+ ;) => {
        /// What the runtime counts and times.
        #[derive(Debug, Default)]
        pub struct Stats {
            $($(#[$counter_doc])* pub $counter: Counter,)+
            $($(#[$latency_doc])* pub $latency: Latency,)+
        }

        /// [`Stats`] at one moment.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct StatsSnapshot {
            $($(#[$counter_doc])* pub $counter: u64,)+
            $($(#[$latency_doc])* pub $latency: LatencyFigures,)+
        }

        impl Stats {
            pub fn snapshot(&self) -> StatsSnapshot {
                StatsSnapshot {
                    $($counter: self.$counter.get(),)+
                    $($latency: self.$latency.figures(),)+
                }
            }
        }

        impl StatsSnapshot {
            /// Every counter with its name, for diagnostics.
            pub fn counters(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($counter), self.$counter),)+].into_iter()
            }

            /// Every stage with its name, for diagnostics.
            pub fn latencies(&self) -> impl Iterator<Item = (&'static str, LatencyFigures)> {
                [$((stringify!($latency), self.$latency),)+].into_iter()
            }
        }
    };
}

stats! {
    counters:
        /// Frames that came while active.
        frames_in,
        /// Frames that a newer one of their camera displaced before they were looked at.
        frames_displaced,
        /// Frames whose regions were asked for and made.
        frames_processed,
        /// Frames that could not be converted.
        frames_refused,
        /// Prompt messages taken.
        prompts_in,
        /// Prompt messages refused, at once or later.
        prompts_refused,
        /// `segment` calls, refused ones too.
        requests_in,
        /// `segment` calls answered with regions.
        requests_answered,
        /// `segment` calls answered with a refusal.
        requests_refused,
        /// `segment` calls whose caller left before the answer.
        requests_abandoned,
        /// `describe_everything` goals, refused ones too.
        goals_in,
        /// Goals that did not begin.
        goals_refused,
        /// Goals that were done to the end.
        goals_done,
        /// Questions to the memory, refused ones too.
        queries,
        /// Questions to the memory that were refused.
        queries_refused,
        /// Runs of the image encoder.
        encodes,
        /// Embeddings found in the cache.
        encodes_saved,
        /// Batches of prompts given to the pipeline.
        decodes,
        /// Captions made.
        captions,
        /// Regions published that are described in the background: so many captions it would take without reuse.
        captions_wanted,
        /// Caption work that a newer frame displaced.
        captions_displaced,
        /// Regions whose caption failed.
        captions_failed,
        /// Outputs that a slow consumer lost.
        outputs_displaced,
        /// Model runs that failed or panicked.
        model_failures;
    latencies:
        /// Image to RGB.
        convert,
        /// The image encoder's run.
        encode,
        /// Prompts to masks, with everything after the decoder.
        decode,
        /// Captions of one frame or request.
        caption,
        /// Questions to the memory.
        query,
        /// From a frame's arrival here to its masks going out.
        answer_age,
        /// How much older than their frame the words are with which masks go out.
        caption_age;
}

impl fmt::Display for StatsSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "frames {} in, {} displaced, {} processed, {} refused; {} encodes ({}), {} decodes ({}), {} captions ({})",
            self.frames_in,
            self.frames_displaced,
            self.frames_processed,
            self.frames_refused,
            self.encodes,
            self.encode,
            self.decodes,
            self.decode,
            self.captions,
            self.caption,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(n: u64) -> Duration {
        Duration::from_micros(n)
    }

    #[test]
    fn figures_are_of_the_last_samples() {
        let latency = Latency::default();
        assert_eq!(latency.figures(), LatencyFigures::default());
        latency.record(micros(7));
        let one = LatencyFigures { count: 1, last: micros(7), mean: micros(7), p50: micros(7), p99: micros(7) };
        assert_eq!(latency.figures(), one);
        for n in (1..=1000).chain(1..=256) {
            latency.record(micros(n));
        }
        let figures = latency.figures();
        assert_eq!((figures.count, figures.last), (1257, micros(256)));
        assert_eq!((figures.mean, figures.p50, figures.p99), (micros(128), micros(128), micros(254)));
    }

    #[test]
    fn a_snapshot_names_what_it_holds() {
        let stats = Stats::default();
        stats.encodes.add(3);
        stats.encode.record(micros(5));
        let snapshot = stats.snapshot();
        assert!(snapshot.counters().any(|counter| counter == ("encodes", 3)));
        assert!(snapshot.latencies().any(|(name, figures)| name == "encode" && figures.count == 1));
        assert!(snapshot.to_string().contains("3 encodes"), "{snapshot}");
    }
}
