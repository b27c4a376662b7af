//! `segcap image`: one photograph through the pipeline.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use image::{ImageBuffer, Luma, RgbImage};
use segcap::core::caption::{Spoken, Subject, describe};
use segcap::core::frame::{Header, Origin, Stamp};
use segcap::core::geometry::Size;
use segcap::core::pixels::raw_image::{CompressedImage, RawImage};
use segcap::core::ports::{Embedding, ModelError, VisionModel};
use segcap::core::progress;
use segcap::core::prompt::{Prompt, RawPrompt};
use segcap::core::region::{Caption, CaptionState, Region, RegionArray};
use segcap::core::segment::pipeline::{Found, SegmentOptions, segment, without_mask};
use segcap::core::settings::{CaptionSettings, Limits};
use segcap::core::view::overlay::{self, OverlayStyle};
use segcap::onnx::provider::SessionOptions;
use segcap::onnx::{LoadOptions, LoadedBundle, bundle_dir};

use super::args::{ImageArgs, ModelArgs, PointArg, PromptArg};
use super::report::{Report, Timings};

/// A photograph may be larger than what a camera is allowed to send.
pub const MAX_PHOTO_PX: u64 = 200_000_000;

pub fn run(args: &ImageArgs, prompts: &[PromptArg]) -> Result<()> {
    let limits = Limits { max_image_px: MAX_PHOTO_PX, ..Limits::default() };
    let photo = read_picture(&args.photo, &limits)?;
    let size = Size::new(photo.width(), photo.height());
    let raw = prompts.iter().map(|prompt| raw_prompt(prompt, &limits)).collect::<Result<Vec<_>>>()?;
    let prompts = Prompt::check_all(&raw, size, &limits)?;

    let (mut bundle, load) = timed(|| load_bundle(&args.model))?;
    let everything = args.everything_options.settings();
    if args.everything {
        everything.check_proposals(bundle.model.vision.can_prompt_by_detector())?;
    }
    let needs_detections = args.everything && everything.uses_detector() || bundle.model.takes_names_from_detector();
    let (embedding, encode) = timed(|| {
        let embedding = bundle.model.vision.encoder.encode(&photo)?;
        if needs_detections {
            detect(&mut bundle.model.vision, &photo, &embedding)?;
        }
        Ok::<_, ModelError>(embedding)
    })?;
    let (found, decode) = timed(|| {
        let options = SegmentOptions { everything, ..SegmentOptions::default() };
        segment(bundle.model.vision.decoder.as_mut(), &embedding, &prompts, &options, &mut progress::ignore)
    })?;
    let (captions, caption) = timed(|| captions(args, &mut bundle, &embedding, &found))?;

    let array = region_array(&bundle, size, &prompts, &found, captions);
    let report = Report {
        photo: &args.photo,
        provider: bundle.report.summary(),
        array: &array,
        prompt_indices: found.iter().map(|found| found.prompt_index).collect(),
        without_mask: without_mask(&found, prompts.len()).iter().map(|&index| prompts[index].id.clone()).collect(),
        timings: Timings { load, encode, decode, caption },
    };
    write_pictures(args, &photo, &array)?;
    match args.json.as_deref() {
        Some(path) if path == Path::new("-") => println!("{}", report.json()?),
        Some(path) => {
            fs::write(path, report.json()?).with_context(|| format!("cannot write {}", path.display()))?;
            print!("{}", report.table());
        }
        None => print!("{}", report.table()),
    }
    Ok(())
}

/// Lets the bundle's detector look at the picture, if it has one.
pub fn detect(vision: &mut VisionModel, picture: &RgbImage, embedding: &Embedding) -> Result<(), ModelError> {
    if let Some(detector) = &mut vision.detector {
        let detections = detector.detect(picture, embedding)?;
        embedding.detections.get_or_init(|| detections);
    }
    Ok(())
}

fn timed<T, E>(act: impl FnOnce() -> Result<T, E>) -> Result<(T, Duration), E> {
    let started = Instant::now();
    act().map(|done| (done, started.elapsed()))
}

pub fn load_bundle(args: &ModelArgs) -> Result<LoadedBundle> {
    let dir = bundle_dir::find(args.bundle.as_deref())?;
    let session = SessionOptions { provider: args.provider, threads: args.threads, ..SessionOptions::default() };
    let options = LoadOptions { session, ..LoadOptions::default() };
    segcap::onnx::load(&dir, &options).with_context(|| format!("cannot load the bundle {}", dir.display()))
}

pub fn read_picture(path: &Path, limits: &Limits) -> Result<RgbImage> {
    let data = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let format = path.extension().unwrap_or_default().to_string_lossy().into_owned();
    let picture = CompressedImage { format, data }.to_upright_rgb(limits);
    picture.with_context(|| format!("cannot use {}", path.display()))
}

/// The prompt as a client of the node would send it; its id says what was written on the command line.
fn raw_prompt(prompt: &PromptArg, limits: &Limits) -> Result<RawPrompt> {
    let raw = match prompt {
        PromptArg::Points(points) => with_points("point", 0, points),
        PromptArg::Box(rect, points) => {
            let rect = (rect.x, rect.y, rect.width, rect.height);
            let title = format!("box {},{},{},{}", rect.0, rect.1, rect.2, rect.3);
            RawPrompt { rect, ..with_points(&title, 1, points) }
        }
        PromptArg::Mask(file, points) => {
            let title = format!("mask {}", file.display());
            RawPrompt { mask: read_mask(file, limits)?, ..with_points(&title, 2, points) }
        }
        PromptArg::Everything => RawPrompt { id: "everything".into(), kind: 3, ..RawPrompt::default() },
    };
    Ok(raw)
}

fn with_points(title: &str, kind: u8, points: &[PointArg]) -> RawPrompt {
    let sign = |label| if label == Some(0) { "-" } else { "" };
    let words = points.iter().map(|point| format!("{}{},{}", sign(point.label), point.x, point.y));
    let id = std::iter::once(title.to_owned()).chain(words).collect::<Vec<_>>().join(" ");
    let labels = points.iter().map(|point| point.label.unwrap_or(1)).collect();
    RawPrompt {
        id,
        kind,
        points: points.iter().map(|point| (point.x, point.y)).collect(),
        labels,
        ..RawPrompt::default()
    }
}

fn read_mask(path: &Path, limits: &Limits) -> Result<RawImage> {
    let grey = image::imageops::grayscale(&read_picture(path, limits)?);
    let (width, height) = grey.dimensions();
    Ok(RawImage { width, height, encoding: "mono8".into(), big_endian: false, step: width, data: grey.into_raw() })
}

fn captions(
    args: &ImageArgs,
    bundle: &mut LoadedBundle,
    embedding: &Embedding,
    found: &[Found],
) -> Result<Vec<Caption>> {
    let Some(model) = bundle.model.caption.as_mut() else {
        let named = |found: &Found| Caption { names: embedding.names_of(found.mask.bbox()), ..Caption::default() };
        return Ok(found.iter().map(named).collect());
    };
    if args.no_captions {
        return Ok(vec![Caption::default(); found.len()]);
    }
    let subject = |found: &Found| Subject { shape: found.shape.clone(), bbox: found.mask.bbox() };
    let subjects: Vec<Subject> = found.iter().map(subject).collect();
    let settings = CaptionSettings::default();
    let spoken = describe(model, embedding, &subjects, settings.search(), settings.batch, &|| false)?;
    let done = |spoken: Spoken| {
        let Spoken { text, score, score_kind, names, .. } = spoken;
        Caption { state: CaptionState::Done, text, score, score_kind, names, ..Caption::default() }
    };
    Ok(spoken.into_iter().map(done).collect())
}

fn region_array(
    bundle: &LoadedBundle,
    size: Size,
    prompts: &[Prompt],
    found: &[Found],
    captions: Vec<Caption>,
) -> RegionArray {
    let regions = (1..=u16::MAX).zip(found).zip(captions).map(|((label, found), caption)| Region {
        id: label.to_string(),
        label,
        prompt_id: prompts[found.prompt_index].id.clone(),
        mask: found.mask.clone(),
        predicted_iou: found.predicted_iou,
        stability: found.stability,
        caption,
        place: None,
        first_seen: Stamp::default(),
        last_seen: Stamp::default(),
        prompt: found.shape.clone(),
    });
    let header = Header { origin: Origin::Client, stamp: Stamp::default(), frame_id: "".into() };
    RegionArray { header, size, model: bundle.model.name.clone(), regions: regions.collect() }
}

fn write_pictures(args: &ImageArgs, photo: &RgbImage, array: &RegionArray) -> Result<()> {
    let cannot_write = |path: &Path| format!("cannot write {}", path.display());
    if let Some(path) = &args.out {
        let style = OverlayStyle { prompts: !args.everything, ..OverlayStyle::default() };
        overlay::draw(photo, &array.regions, &style).save(path).with_context(|| cannot_write(path))?;
    }
    if let Some(path) = &args.label_map {
        let (width, height) = photo.dimensions();
        let labels: ImageBuffer<Luma<u16>, _> = ImageBuffer::from_raw(width, height, array.label_map())
            .context("the label map has one value for each pixel")?;
        labels.save(path).with_context(|| cannot_write(path))?;
    }
    Ok(())
}
