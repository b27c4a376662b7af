//! `segcap recall`: how much of what is in pictures everything-mode finds.

mod score;
mod truth;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use segcap::core::geometry::Size;
use segcap::core::mask::spans::Spans;
use segcap::core::ports::{Embedding, MaskCandidates, MaskDecoder, ModelError, PromptBatch, VisionModel};
use segcap::core::progress;
use segcap::core::prompt::{Prompt, Shape};
use segcap::core::segment::pipeline::{self, SegmentOptions};
use segcap::core::settings::{EverythingSettings, Limits};

use self::score::Score;
use self::truth::Pair;
use super::args::RecallArgs;
use super::image::{MAX_PHOTO_PX, load_bundle, read_picture};
use super::table::{Column, Table};

pub fn run(args: &RecallArgs) -> Result<()> {
    let mut pairs = Vec::new();
    for dir in &args.dirs {
        pairs.extend(truth::pairs(dir)?);
    }
    ensure!(
        !pairs.is_empty(),
        "expected pictures with label maps beside them (mug.jpg, mug.ids.png) in {:?}",
        args.dirs
    );
    let mut bundle = load_bundle(&args.model)?;
    let settings = combinations(args);
    let mut scores = vec![Score::default(); settings.len()];
    for (index, pair) in pairs.iter().enumerate() {
        eprint!("\r{} of {} pictures", index, pairs.len());
        measure(&mut bundle.model.vision, pair, &settings, &mut scores)?;
    }
    eprintln!("\r{} of {} pictures", pairs.len(), pairs.len());
    println!("{} on {}; pictures: {}\n", bundle.model.name, bundle.report.summary(), pairs.len());
    print!("{}", table(&settings, &scores));
    Ok(())
}

/// Those of one grid together, since they share the decoder's runs.
fn combinations(args: &RecallArgs) -> Vec<EverythingSettings> {
    let mut all = Vec::new();
    for &points_per_side in &args.points_per_side {
        for &pred_iou_thresh in &args.pred_iou_thresh {
            for &stability_thresh in &args.stability_thresh {
                all.extend(args.nms_thresh.iter().map(|&nms_thresh| EverythingSettings {
                    points_per_side,
                    pred_iou_thresh,
                    stability_thresh,
                    nms_thresh,
                    min_area: args.min_area,
                    max_regions: args.max_regions,
                    ..EverythingSettings::default()
                }));
            }
        }
    }
    all
}

fn measure(vision: &mut VisionModel, pair: &Pair, settings: &[EverythingSettings], scores: &mut [Score]) -> Result<()> {
    let photo = read_picture(&pair.picture, &Limits { max_image_px: MAX_PHOTO_PX, ..Limits::default() })?;
    let size = Size::new(photo.width(), photo.height());
    let things = pair.things(size)?;
    let begun = Instant::now();
    let embedding = vision.encoder.encode(&photo)?;
    let encode = begun.elapsed();
    let mut decoder = Remembering { decoder: vision.decoder.as_mut(), known: Vec::new(), at: 0, took: Duration::ZERO };
    let mut grid = 0;
    for (settings, score) in settings.iter().zip(scores) {
        if settings.points_per_side != grid {
            (decoder.known, decoder.took) = (Vec::new(), Duration::ZERO);
            grid = settings.points_per_side;
        }
        decoder.at = 0;
        let runs_before = decoder.took;
        let begun = Instant::now();
        let found = everything(&mut decoder, &embedding, settings)?;
        let beside_runs = begun.elapsed() - (decoder.took - runs_before);
        score.add(&things, &found, size, encode + decoder.took + beside_runs);
    }
    Ok(())
}

fn everything(
    decoder: &mut dyn MaskDecoder,
    embedding: &Embedding,
    settings: &EverythingSettings,
) -> Result<Vec<Spans>, ModelError> {
    let prompt = Prompt { id: String::new(), shape: Shape::Everything };
    let options = SegmentOptions { everything: settings.clone(), ..SegmentOptions::default() };
    let found = pipeline::segment(decoder, embedding, &[prompt], &options, &mut progress::ignore)?;
    Ok(found.iter().map(|found| Spans::from(&*found.mask)).collect())
}

/// Runs the decoder once for each batch of a grid; settings that differ in their thresholds only get the same masks.
struct Remembering<'a> {
    decoder: &'a mut dyn MaskDecoder,
    known: Vec<MaskCandidates>,
    at: usize,
    /// In the decoder's runs.
    took: Duration,
}

impl MaskDecoder for Remembering<'_> {
    fn mask_input_size(&self) -> Option<Size> {
        self.decoder.mask_input_size()
    }

    fn decode(&mut self, embedding: &Embedding, prompts: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        if self.at == self.known.len() {
            let begun = Instant::now();
            self.known.push(self.decoder.decode(embedding, prompts)?);
            self.took += begun.elapsed();
        }
        self.at += 1;
        Ok(self.known[self.at - 1].clone())
    }
}

fn table(settings: &[EverythingSettings], scores: &[Score]) -> String {
    let titles = ["grid", "iou >", "stable >=", "nms", "recall", "small", "large", "masks", "of things", "ms"];
    let mut table = Table::new(titles.map(Column::right).into());
    let percent = |share: Option<f64>| share.map_or("-".to_owned(), |share| format!("{:.1} %", 100.0 * share));
    for (settings, score) in settings.iter().zip(scores) {
        table.row(vec![
            format!("{0} x {0}", settings.points_per_side),
            settings.pred_iou_thresh.to_string(),
            settings.stability_thresh.to_string(),
            settings.nms_thresh.to_string(),
            percent(score.recall()),
            percent(score.recall_of_small()),
            percent(score.recall_of_large()),
            format!("{:.1}", score.masks_a_picture()),
            percent(score.share_of_things()),
            format!("{:.0}", score.ms_a_picture()),
        ]);
    }
    table.render()
}
