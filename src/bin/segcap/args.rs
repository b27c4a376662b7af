//! What can be written on the command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgMatches, Args, Parser, Subcommand, ValueEnum};
use segcap::core::settings::{EverythingSettings, Proposals};
use segcap::onnx::provider::ProviderChoice;

/// Tells what is where in a picture, in words.
#[derive(Parser)]
#[command(name = "segcap", version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Segment and describe what prompts point at in a photograph
    Image(ImageArgs),
    /// Measure how much of what is in pictures everything-mode finds, for one or several settings
    Recall(RecallArgs),
    /// Look at model bundles
    #[command(subcommand)]
    Bundle(BundleCommand),
}

#[derive(Subcommand)]
pub enum BundleCommand {
    /// Verify a bundle, run each of its graphs once, and print what it holds
    Check(CheckArgs),
}

const IMAGE_EXAMPLES: &str = "\
Examples:
  segcap image photo.jpg --point 320,240 --out overlay.png
      What is at this pixel? A picture with the mask and the words.
  segcap image photo.jpg --point 320,240 --point 500,90
      Two things: each --point X,Y is a prompt of its own.
  segcap image photo.jpg --point 320,240 --point 350,200,0
      One thing: a point with a label (1 this, 0 not this) refines the prompt before it, be it a point, box or mask.
  segcap image photo.jpg --box 100,80,200,150 --json result.json
      Box, area, scores, words and the mask (COCO run lengths) for programs.
  segcap image photo.jpg --everything --out overlay.png --label-map labels.png
      Every thing that the model finds.

Coordinates are pixels of the picture as a viewer shows it; (0, 0) is the top left corner.
Exit codes: 0 done, 1 failed, 2 wrong usage.";

#[derive(Args)]
#[command(after_help = IMAGE_EXAMPLES)]
pub struct ImageArgs {
    /// JPEG or PNG file
    pub photo: PathBuf,
    /// The thing under this pixel; with a label (1 this, 0 not this) it refines the prompt before it
    #[arg(long, value_name = "X,Y[,LABEL]", allow_hyphen_values = true, help_heading = "Prompts")]
    pub point: Vec<PointArg>,
    /// The thing in this box: its left, top, width and height
    #[arg(long = "box", value_name = "X,Y,W,H", allow_hyphen_values = true, help_heading = "Prompts")]
    pub boxes: Vec<BoxArg>,
    /// The thing that this rough mask covers: a PNG of the photograph's size, white where the thing is
    #[arg(long, value_name = "FILE", help_heading = "Prompts")]
    pub mask: Vec<PathBuf>,
    /// Every thing in the image
    #[arg(long, help_heading = "Prompts")]
    pub everything: bool,
    #[command(flatten)]
    pub everything_options: EverythingArgs,
    /// Masks only, no words
    #[arg(long, help_heading = "Output")]
    pub no_captions: bool,
    /// Write the photograph with masks, prompts and words drawn over it (.png, .jpg)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Write a 16-bit PNG in which each pixel holds its region's id, 0 for none
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub label_map: Option<PathBuf>,
    /// Write everything as JSON; without FILE to standard output, in place of the table
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-", help_heading = "Output")]
    pub json: Option<PathBuf>,
    #[command(flatten)]
    pub model: ModelArgs,
}

/// What --everything keeps.
#[derive(Args)]
#[command(next_help_heading = "With --everything")]
pub struct EverythingArgs {
    /// What is asked about: a grid of points, the boxes of the model's object detector, or both (auto), as far as it has one
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub proposals: ProposalsArg,
    /// Points on a side of the grid that is looked at [default: 16, beside a detector's boxes 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub points_per_side: Option<u32>,
    /// Drop masks with a lower predicted IoU, 0 to 1
    #[arg(long, value_name = "IOU", default_value_t = EverythingSettings::default().pred_iou_thresh)]
    pub pred_iou_thresh: f32,
    /// Drop masks with a lower stability score, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = EverythingSettings::default().stability_thresh)]
    pub stability_thresh: f32,
}

impl EverythingArgs {
    pub fn settings(&self) -> EverythingSettings {
        EverythingSettings {
            proposals: self.proposals.into(),
            pred_iou_thresh: self.pred_iou_thresh,
            stability_thresh: self.stability_thresh,
            ..with_grid(self.points_per_side)
        }
    }
}

/// The default settings with this grid, whichever of the two it is that is looked at.
pub fn with_grid(points_per_side: Option<u32>) -> EverythingSettings {
    let default = EverythingSettings::default();
    EverythingSettings {
        points_per_side: points_per_side.unwrap_or(default.points_per_side),
        sparse_points_per_side: points_per_side.unwrap_or(default.sparse_points_per_side),
        ..default
    }
}

/// The words of the parameter `everything.proposals`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ProposalsArg {
    Auto,
    Grid,
    Detector,
}

impl From<ProposalsArg> for Proposals {
    fn from(arg: ProposalsArg) -> Self {
        match arg {
            ProposalsArg::Auto => Self::Auto,
            ProposalsArg::Grid => Self::Grid,
            ProposalsArg::Detector => Self::Detector,
        }
    }
}

const RECALL_ABOUT: &str = "\
Truth is a label map beside each picture: mug.jpg and mug.ids.png, a grey PNG of 8 or 16 bits, the same number on every
pixel of a thing, 0 where nothing is known. Several values (8,16,32) are measured in all combinations.";

#[derive(Args)]
#[command(after_help = RECALL_ABOUT)]
pub struct RecallArgs {
    /// Folders with pictures (.jpg, .png) and their label maps
    #[arg(required = true, value_name = "DIR")]
    pub dirs: Vec<PathBuf>,
    /// What is asked about: a grid of points, the boxes of the model's object detector, or both (auto), as far as it has one
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub proposals: ProposalsArg,
    /// Points on a side of the grid [default: 16, beside a detector's boxes 8]
    #[arg(long, value_name = "N,...", value_delimiter = ',',
        value_parser = clap::value_parser!(u32).range(1..=64))]
    pub points_per_side: Vec<u32>,
    /// Drop masks with a lower predicted IoU, 0 to 1
    #[arg(long, value_name = "IOU,...", value_delimiter = ',', default_values_t = [EverythingSettings::default().pred_iou_thresh])]
    pub pred_iou_thresh: Vec<f32>,
    /// Drop masks with a lower stability score, 0 to 1
    #[arg(long, value_name = "SHARE,...", value_delimiter = ',', default_values_t = [EverythingSettings::default().stability_thresh])]
    pub stability_thresh: Vec<f32>,
    /// Drop the worse of two masks whose boxes or pixels overlap by more than this IoU
    #[arg(long, value_name = "IOU,...", value_delimiter = ',', default_values_t = [EverythingSettings::default().nms_thresh])]
    pub nms_thresh: Vec<f32>,
    /// Drop masks with fewer pixels
    #[arg(long, value_name = "PIXELS", default_value_t = EverythingSettings::default().min_area)]
    pub min_area: u32,
    /// Keep at most so many masks of a picture
    #[arg(long, value_name = "N", default_value_t = EverythingSettings::default().max_regions)]
    pub max_regions: usize,
    #[command(flatten)]
    pub model: ModelArgs,
}

#[derive(Args)]
pub struct CheckArgs {
    /// The folder with bundle.yaml [default: the built-in model]
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Where to run the graphs: auto, tensorrt, cuda, cpu (tensorrt and cuda were never run)
    #[arg(long, default_value = "auto", value_name = "NAME")]
    pub provider: ProviderChoice,
}

#[derive(Args)]
#[command(next_help_heading = "Model")]
pub struct ModelArgs {
    /// The folder of the model [default: $SEGCAP_BUNDLE, or the built-in model]
    #[arg(long, value_name = "DIR")]
    pub bundle: Option<PathBuf>,
    /// Where to run: auto (the best that works), tensorrt, cuda, cpu (tensorrt and cuda were never run)
    #[arg(long, default_value = "auto", value_name = "NAME")]
    pub provider: ProviderChoice,
    /// CPU threads; 0: one per physical core
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub threads: usize,
}

/// A prompt in the order of the command line.
#[derive(Clone, Debug, PartialEq)]
pub enum PromptArg {
    Points(Vec<PointArg>),
    Box(BoxArg, Vec<PointArg>),
    Mask(PathBuf, Vec<PointArg>),
    Everything,
}

impl ImageArgs {
    /// The prompts, labelled points joined to the prompt before them. `given` tells the order of the options.
    pub fn prompts(&self, given: &ArgMatches) -> Vec<PromptArg> {
        let order = |name: &str| given.indices_of(name).into_iter().flatten().collect::<Vec<_>>();
        let points = self.point.iter().map(|&point| PromptArg::Points(vec![point]));
        let boxes = self.boxes.iter().map(|&rect| PromptArg::Box(rect, vec![]));
        let masks = self.mask.iter().map(|file| PromptArg::Mask(file.clone(), vec![]));
        let mut all: Vec<(usize, PromptArg)> = order("point").into_iter().zip(points).collect();
        all.extend(order("boxes").into_iter().zip(boxes));
        all.extend(order("mask").into_iter().zip(masks));
        all.sort_by_key(|(at, _)| *at);
        let mut prompts = join(all.into_iter().map(|(_, prompt)| prompt));
        prompts.extend(self.everything.then_some(PromptArg::Everything));
        prompts
    }
}

/// A labelled point refines the prompt before it.
fn join(separate: impl Iterator<Item = PromptArg>) -> Vec<PromptArg> {
    let mut prompts: Vec<PromptArg> = Vec::new();
    for prompt in separate {
        let refinement = match &prompt {
            PromptArg::Points(points) => points.first().filter(|point| point.label.is_some()).copied(),
            _ => None,
        };
        match (prompts.last_mut(), refinement) {
            (
                Some(PromptArg::Points(points) | PromptArg::Box(_, points) | PromptArg::Mask(_, points)),
                Some(refinement),
            ) => points.push(refinement),
            _ => prompts.push(prompt),
        }
    }
    prompts
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PointArg {
    pub x: f32,
    pub y: f32,
    /// 1 foreground, 0 background.
    pub label: Option<u8>,
}

impl FromStr for PointArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected X,Y or X,Y,LABEL with LABEL 1 (this) or 0 (not this), as in 320,240".to_owned();
        let numbers: Vec<f32> = numbers(text).ok_or_else(expected)?;
        match numbers[..] {
            [x, y] => Ok(Self { x, y, label: None }),
            [x, y, label] if label == 0.0 || label == 1.0 => Ok(Self { x, y, label: Some(label as u8) }),
            _ => Err(expected()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxArg {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

impl FromStr for BoxArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected X,Y,W,H in whole pixels, none of them negative, as in 100,80,200,150".to_owned();
        let numbers: Vec<u32> = numbers(text).ok_or_else(expected)?;
        match numbers[..] {
            [x, y, width, height] => Ok(Self { x, y, width, height }),
            _ => Err(expected()),
        }
    }
}

/// Numbers between commas.
fn numbers<T: FromStr>(text: &str) -> Option<Vec<T>> {
    text.split(',').map(|number| number.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches};

    use super::*;

    fn prompts(line: &str) -> Vec<PromptArg> {
        let words = ["segcap", "image", "photo.jpg"].into_iter().chain(line.split_whitespace());
        let matches = Cli::command().try_get_matches_from(words).unwrap();
        let Command::Image(args) = Cli::from_arg_matches(&matches).unwrap().command else { panic!("image") };
        args.prompts(matches.subcommand_matches("image").unwrap())
    }

    fn point(x: f32, y: f32, label: Option<u8>) -> PointArg {
        PointArg { x, y, label }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn plain_points_are_prompts_and_labelled_points_refine() {
        let (a, b) = (point(1.0, 2.0, None), point(3.5, 4.0, None));
        assert_eq!(prompts("--point 1,2 --point 3.5,4"), [PromptArg::Points(vec![a]), PromptArg::Points(vec![b])]);
        let not_b = point(3.0, 4.0, Some(0));
        assert_eq!(prompts("--point 1,2 --point 3,4,0"), [PromptArg::Points(vec![a, not_b])]);
        let rect = BoxArg { x: 5, y: 6, width: 7, height: 8 };
        assert_eq!(
            prompts("--everything --box 5,6,7,8 --point 3,4,0 --point 1,2"),
            [PromptArg::Box(rect, vec![not_b]), PromptArg::Points(vec![a]), PromptArg::Everything]
        );
        assert_eq!(
            prompts("--mask m.png --point=3,4,0 --box 5,6,7,8"),
            [PromptArg::Mask("m.png".into(), vec![not_b]), PromptArg::Box(rect, vec![])]
        );
    }

    #[test]
    fn wrong_numbers_are_explained() {
        for wrong in ["", "1", "1,2,3", "1,2,0.5", "a,b", "1;2", "1,2,0,0"] {
            assert!(wrong.parse::<PointArg>().unwrap_err().contains("expected X,Y"), "{wrong}");
        }
        for wrong in ["", "1,2,3", "1,2,-3,4", "1,2,3.5,4", "1,2,3,4,5"] {
            assert!(wrong.parse::<BoxArg>().unwrap_err().contains("expected X,Y,W,H"), "{wrong}");
        }
        assert_eq!("-1,2".parse(), Ok(point(-1.0, 2.0, None)), "outside of the image is for the image to say");
    }
}
