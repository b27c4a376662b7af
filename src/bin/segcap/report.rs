//! What was found, as a table for people and as JSON for programs.

use std::path::Path;
use std::time::Duration;

use segcap::core::mask::rle::Rle;
use segcap::core::region::{CaptionState, Region, RegionArray};
use serde::Serialize;
use serde_json::json;

use super::table::{Column, Table};

pub struct Timings {
    pub load: Duration,
    pub encode: Duration,
    pub decode: Duration,
    pub caption: Duration,
}

pub struct Report<'a> {
    pub photo: &'a Path,
    pub provider: &'a str,
    pub array: &'a RegionArray,
    /// For each region, the index of its prompt.
    pub prompt_indices: Vec<usize>,
    /// Ids of the prompts for which no mask was found.
    pub without_mask: Vec<String>,
    pub timings: Timings,
}

/// A region, in COCO's terms where COCO has them.
#[derive(Serialize)]
struct RegionJson<'a> {
    id: &'a str,
    /// Value in the label map.
    label: u16,
    prompt: &'a str,
    prompt_index: usize,
    /// x, y, width, height in pixels.
    bbox: [u32; 4],
    /// Pixels inside the mask.
    area: u32,
    predicted_iou: f64,
    stability: f64,
    caption: Option<&'a str>,
    caption_score: Option<f64>,
    /// Candidates, best first, each with a score of 0 to 1.
    names: Vec<&'a str>,
    name_scores: Vec<f64>,
    segmentation: RleJson,
}

/// COCO's compressed run lengths.
#[derive(Serialize)]
struct RleJson {
    /// Height, width.
    size: [u32; 2],
    counts: String,
}

impl Report<'_> {
    pub fn json(&self) -> serde_json::Result<String> {
        let regions = self.array.regions.iter().zip(&self.prompt_indices);
        let ms = |duration: Duration| (duration.as_secs_f64() * 1e5).round() / 1e2;
        let Timings { load, encode, decode, caption } = self.timings;
        let report = json!({
            "image": { "file": self.photo, "width": self.array.size.width, "height": self.array.size.height },
            "model": &*self.array.model,
            "provider": self.provider,
            "regions": regions.map(|(region, &at)| self.region_json(region, at)).collect::<Vec<_>>(),
            "prompts_without_mask": self.without_mask,
            "timings_ms": { "load": ms(load), "encode": ms(encode), "decode": ms(decode), "caption": ms(caption) },
        });
        serde_json::to_string_pretty(&report)
    }

    fn region_json<'a>(&self, region: &'a Region, prompt_index: usize) -> RegionJson<'a> {
        let bbox = region.bbox();
        let size = self.array.size;
        let spoken = region.caption.state == CaptionState::Done;
        RegionJson {
            id: &region.id,
            label: region.label,
            prompt: &region.prompt_id,
            prompt_index,
            bbox: [bbox.x, bbox.y, bbox.width, bbox.height],
            area: region.mask.area(),
            predicted_iou: to_4_places(region.predicted_iou),
            stability: to_4_places(region.stability),
            caption: spoken.then_some(region.caption.text.as_str()),
            caption_score: spoken.then(|| to_4_places(region.caption.score)),
            names: region.caption.names.iter().map(|one| &*one.name).collect(),
            name_scores: region.caption.names.iter().map(|one| to_4_places(one.score)).collect(),
            segmentation: RleJson {
                size: [size.height, size.width],
                counts: Rle::encode(Some(&region.mask), size).to_compressed(),
            },
        }
    }

    pub fn table(&self) -> String {
        let size = self.array.size;
        let mut text = format!(
            "{}, {}x{}, {} on {}\n\n",
            self.photo.display(),
            size.width,
            size.height,
            self.array.model,
            self.provider
        );
        if !self.array.regions.is_empty() {
            text.push_str(&self.regions_table());
        }
        for prompt in &self.without_mask {
            text.push_str(&format!("Nothing found for {prompt}.\n"));
        }
        let Timings { load, encode, decode, caption } = self.timings;
        text.push_str(&format!(
            "\n{}\n",
            timing_line(&[("encode", encode), ("decode", decode), ("caption", caption)], load)
        ));
        text
    }

    fn regions_table(&self) -> String {
        let mut table = Table::new(vec![
            Column::right("id"),
            Column::left("prompt"),
            Column::right("x"),
            Column::right("y"),
            Column::right("width"),
            Column::right("height"),
            Column::right("area"),
            Column::right("iou"),
            Column::right("stable"),
            Column::left("caption"),
        ]);
        for region in &self.array.regions {
            let bbox = region.bbox();
            let numbers =
                [bbox.x, bbox.y, bbox.width, bbox.height, region.mask.area()].map(|number| number.to_string());
            let mut row = vec![region.id.clone(), region.prompt_id.clone()];
            row.extend(numbers);
            row.push(format!("{:.2}", region.predicted_iou));
            row.push(format!("{:.2}", region.stability));
            row.push(words(region));
            table.row(row);
        }
        table.render()
    }
}

/// What the models' scores are good for.
fn to_4_places(score: f32) -> f64 {
    (f64::from(score) * 1e4).round() / 1e4
}

fn words(region: &Region) -> String {
    if region.caption.state == CaptionState::Done { region.caption.text.clone() } else { "-".to_owned() }
}

fn timing_line(stages: &[(&str, Duration)], load: Duration) -> String {
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    let stages = stages.iter().map(|(name, took)| format!("{name} {:.0} ms", ms(*took)));
    format!("{}   (model loaded in {:.1} s)", stages.collect::<Vec<_>>().join("   "), load.as_secs_f64())
}
