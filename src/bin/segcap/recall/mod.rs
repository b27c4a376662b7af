//! `segcap recall`: how much of what is in pictures everything-mode finds.

mod score;
mod truth;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use ndarray::Array3;
use segcap::core::geometry::Size;
use segcap::core::mask::spans::Spans;
use segcap::core::ports::{Embedding, MaskCandidates, MaskDecoder, ModelError, PromptBatch, VisionModel};
use segcap::core::progress;
use segcap::core::prompt::{Prompt, Shape};
use segcap::core::segment::pipeline::{self, SegmentOptions};
use segcap::core::settings::{EverythingSettings, Limits, Proposals};

use self::score::Score;
use self::truth::Pair;
use super::args::{RecallArgs, with_grid};
use super::image::{MAX_PHOTO_PX, detect, load_bundle, read_picture};
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
    let can_prompt_by_detector = bundle.model.vision.can_prompt_by_detector();
    settings.iter().try_for_each(|settings| settings.check_proposals(can_prompt_by_detector))?;
    let mut scores = vec![Score::default(); settings.len()];
    for (index, pair) in pairs.iter().enumerate() {
        eprint!("\r{} of {} pictures", index, pairs.len());
        measure(&mut bundle.model.vision, pair, &settings, &mut scores)?;
    }
    eprintln!("\r{} of {} pictures", pairs.len(), pairs.len());
    println!("{} on {}; pictures: {}\n", bundle.model.name, bundle.report.summary(), pairs.len());
    print!("{}", table(&settings, &scores, can_prompt_by_detector));
    Ok(())
}

/// Those of one grid together, since they share the decoder's runs.
fn combinations(args: &RecallArgs) -> Vec<EverythingSettings> {
    let mut all = Vec::new();
    let grids: Vec<Option<u32>> = args.points_per_side.iter().copied().map(Some).collect();
    for grid in if grids.is_empty() { vec![None] } else { grids } {
        for &pred_iou_thresh in &args.pred_iou_thresh {
            for &stability_thresh in &args.stability_thresh {
                all.extend(args.nms_thresh.iter().map(|&nms_thresh| EverythingSettings {
                    proposals: args.proposals.into(),
                    pred_iou_thresh,
                    stability_thresh,
                    nms_thresh,
                    min_area: args.min_area,
                    max_regions: args.max_regions,
                    ..with_grid(grid)
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
    if settings.iter().any(EverythingSettings::uses_detector) {
        detect(vision, &photo, &embedding)?;
    }
    let encode = begun.elapsed();
    let mut decoder = Remembering { decoder: vision.decoder.as_mut(), known: Vec::new(), at: 0, ran: Duration::ZERO };
    for (settings, score) in settings.iter().zip(scores) {
        (decoder.at, decoder.ran) = (0, Duration::ZERO);
        let begun = Instant::now();
        let found = everything(&mut decoder, &embedding, settings)?;
        let beside_runs = begun.elapsed() - decoder.ran;
        score.add(&things, &found, size, encode + decoder.took() + beside_runs);
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

/// A run of the decoder.
struct Run {
    coords: Array3<f32>,
    candidates: MaskCandidates,
    took: Duration,
}

/// Runs the decoder once for the same prompts: settings that differ in their thresholds only get the same masks of a grid.
struct Remembering<'a> {
    decoder: &'a mut dyn MaskDecoder,
    /// In the order of the prompts.
    known: Vec<Run>,
    /// Runs that the present settings have asked for.
    at: usize,
    /// Time for those of them that were not known.
    ran: Duration,
}

impl Remembering<'_> {
    /// Time of all runs that the present settings have asked for, known or not.
    fn took(&self) -> Duration {
        self.known[..self.at].iter().map(|run| run.took).sum()
    }
}

impl MaskDecoder for Remembering<'_> {
    fn mask_input_size(&self) -> Option<Size> {
        self.decoder.mask_input_size()
    }

    fn takes_boxes(&self) -> bool {
        self.decoder.takes_boxes()
    }

    fn decode(&mut self, embedding: &Embedding, prompts: &PromptBatch) -> Result<MaskCandidates, ModelError> {
        if self.known.get(self.at).is_none_or(|run| run.coords != prompts.coords) {
            let begun = Instant::now();
            let candidates = self.decoder.decode(embedding, prompts)?;
            let took = begun.elapsed();
            self.known.truncate(self.at);
            self.known.push(Run { coords: prompts.coords.clone(), candidates, took });
            self.ran += took;
        }
        self.at += 1;
        Ok(self.known[self.at - 1].candidates.clone())
    }
}

fn table(settings: &[EverythingSettings], scores: &[Score], can_prompt_by_detector: bool) -> String {
    let titles = ["asked", "iou >", "stable >=", "nms", "recall", "small", "large", "masks", "of things", "ms"];
    let mut table = Table::new(titles.map(Column::right).into());
    let percent = |share: Option<f64>| share.map_or("-".to_owned(), |share| format!("{:.1} %", 100.0 * share));
    for (settings, score) in settings.iter().zip(scores) {
        table.row(vec![
            asked(settings, can_prompt_by_detector),
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

/// What everything-mode asks the decoder about.
fn asked(settings: &EverythingSettings, can_prompt_by_detector: bool) -> String {
    let EverythingSettings { proposals, points_per_side, sparse_points_per_side, .. } = settings;
    match (proposals, can_prompt_by_detector) {
        (Proposals::Detector, _) => "boxes".to_owned(),
        (Proposals::Auto, true) => format!("boxes, {0} x {0}", sparse_points_per_side),
        (Proposals::Grid, _) | (Proposals::Auto, false) => format!("{0} x {0}", points_per_side),
    }
}
