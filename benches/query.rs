//! What a question to the memory costs, and what a look costs that is remembered, with a thousand objects in it.
//!
//! The baseline is the least that any answer costs: to look through a thousand captions for the words as they stand.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use segcap::core::frame::{Header, Stamp};
use segcap::core::geometry::{PixelBox, Size};
use segcap::core::mask::Mask;
use segcap::core::mask::spans::Spans;
use segcap::core::memory::{RegionMemory, Sight};
use segcap::core::prompt::Shape;
use segcap::core::query::Query;
use segcap::core::region::{Caption, CaptionState, Region};
use segcap::core::track::TrackId;

const IMAGE: Size = Size { width: 1280, height: 720 };
const OBJECTS: u64 = 1000;

const COLOURS: [&str; 7] = ["red", "blue", "green", "white", "black", "yellow", "brown"];

fn colour(number: u64) -> &'static str {
    COLOURS[(number / 3) as usize % COLOURS.len()]
}

/// Captions as the built-in model makes them; a number chooses one.
fn caption(number: u64) -> String {
    let one = |words: &[&'static str], step: u64| words[(number / step) as usize % words.len()];
    let size = one(&["", "small ", "large "], 1);
    let colour = colour(number);
    let noun =
        one(&["mug", "bowl", "bottle", "box", "chair", "screwdriver", "apple", "potted plant", "can", "book"], 7);
    let rest = one(&["", " next to a bowl", " on a wooden table", " with a yellow handle"], 11);
    format!("a {size}{colour} {noun}{rest}")
}

fn region(id: u64, text: String) -> Region {
    let rect = PixelBox::new((id * 37 % 1200) as u32, (id * 23 % 640) as u32, 60, 60);
    Region {
        id: TrackId(id).to_string(),
        label: 1,
        prompt_id: String::new(),
        mask: Arc::new(Mask::filled(rect).expect("pixels")),
        predicted_iou: 0.9,
        stability: 0.9,
        caption: Caption { state: CaptionState::Done, text, score: -0.1, ..Caption::default() },
        place: None,
        first_seen: Stamp::default(),
        last_seen: Stamp::default(),
        prompt: Arc::new(Shape::Everything),
    }
}

fn see(memory: &mut RegionMemory, secs: i32, regions: &[(u64, Region, Arc<Spans>)]) {
    let header = Header { origin: "".into(), stamp: Stamp { secs, nanos: 0 }, frame_id: "optical".into() };
    let now = Instant::now();
    let moment = memory.look(&header, IMAGE, Some(now), now);
    for (id, region, shape) in regions {
        let (colours, id, header, shape) = (vec![colour(*id)], TrackId(*id), &header, Arc::clone(shape));
        memory.remember(Sight { id, header, size: IMAGE, region, shape, place: None, colours, moment });
    }
}

fn objects(ids: impl Iterator<Item = u64>) -> Vec<(u64, Region, Arc<Spans>)> {
    let object = |id| {
        let region = region(id, caption(id));
        let shape = Arc::new(Spans::from(&*region.mask));
        (id, region, shape)
    };
    ids.map(object).collect()
}

fn full_memory() -> RegionMemory {
    let mut memory = RegionMemory::new(OBJECTS as usize);
    see(&mut memory, 1, &objects(1..=OBJECTS));
    memory
}

fn questions(criterion: &mut Criterion) {
    let memory = full_memory();
    let text = |text: &str| Query { text: text.to_owned(), limit: 10, ..Query::default() };
    let cases = [
        ("two words", text("red mug")),
        ("a kind", text("something to drink from")),
        ("three typos", text("smal screwdrivver next to the bolw")),
        ("negated", text("a bowl that is not red")),
        ("a pixel", Query { point: Some((600.0, 300.0)), ..Query::default() }),
        ("everything", Query::default()),
    ];
    let mut group = criterion.benchmark_group("1,000 objects");
    for (name, query) in cases {
        assert!(!memory.ask(&query, Instant::now()).expect("a good question").is_empty(), "{name}");
        group.bench_with_input(BenchmarkId::new("ask", name), &query, |bencher, query| {
            bencher.iter(|| memory.ask(black_box(query), Instant::now()));
        });
    }
    let captions: Vec<String> = (1..=OBJECTS).map(caption).collect();
    for words in [&["red", "mug"][..], &["smal", "screwdrivver", "next", "bolw"]] {
        let name = format!("{} words, found as they stand", words.len());
        group.bench_with_input(BenchmarkId::new("baseline", name), words, |bencher, words| {
            let has_all = |caption: &&String| words.iter().all(|word| caption.contains(word));
            bencher.iter(|| black_box(&captions).iter().filter(has_all).count());
        });
    }
    let (frame, mut written) = (objects(1..=64), memory.clone());
    let mut secs = 1;
    group.bench_function("remember 64 regions of a frame", |bencher| {
        bencher.iter(|| {
            secs += 1;
            see(&mut written, secs, &frame);
        });
    });
    group.bench_function("copy", |bencher| bencher.iter(|| black_box(&memory).clone()));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = questions
}
criterion_main!(benches);
