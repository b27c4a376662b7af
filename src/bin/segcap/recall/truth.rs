//! Pictures and what is in them: `mug.jpg` and `mug.ids.png`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use image::DynamicImage;
use segcap::core::geometry::Size;
use segcap::core::spans::{Span, Spans};

const LABELS: &str = ".ids.png";

/// A picture and its label map.
pub struct Pair {
    pub picture: PathBuf,
    labels: PathBuf,
}

/// The pictures of a folder that have a label map, by name.
pub fn pairs(dir: &Path) -> Result<Vec<Pair>> {
    let cannot_read = || format!("cannot read the folder {}", dir.display());
    let mut pairs = Vec::new();
    for entry in fs::read_dir(dir).with_context(cannot_read)? {
        let labels = entry.with_context(cannot_read)?.path();
        let Some(name) = labels.file_name().and_then(|name| name.to_str()?.strip_suffix(LABELS)) else { continue };
        let picture =
            ["jpg", "png"].map(|format| dir.join(format!("{name}.{format}"))).into_iter().find(|p| p.is_file());
        let picture =
            picture.with_context(|| format!("expected {name}.jpg or {name}.png beside {}", labels.display()))?;
        pairs.push(Pair { picture, labels });
    }
    pairs.sort_by(|a, b| a.picture.cmp(&b.picture));
    Ok(pairs)
}

impl Pair {
    /// What is in the picture, which has this size.
    pub fn things(&self, size: Size) -> Result<Vec<Spans>> {
        let name = self.labels.display();
        let labels = match image::open(&self.labels).with_context(|| format!("cannot read {name}"))? {
            grey @ (DynamicImage::ImageLuma8(_) | DynamicImage::ImageLuma16(_)) => grey.into_luma16(),
            other => anyhow::bail!("{name}: expected a grey PNG of 8 or 16 bits, got {:?}", other.color()),
        };
        let got = Size::new(labels.width(), labels.height());
        ensure!(got == size, "{name}: expected its picture's size, {size:?}, got {got:?}");
        let mut things: BTreeMap<u16, Vec<Span>> = BTreeMap::new();
        for (x, y, label) in labels.enumerate_pixels() {
            if label[0] != 0 {
                things.entry(label[0]).or_default().push(Span { y, start: x, end: x + 1 });
            }
        }
        Ok(things.into_values().filter_map(Spans::collect).collect())
    }
}
