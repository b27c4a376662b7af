//! Pictures and what is in them: `mug.jpg` and `mug.ids.png`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use image::DynamicImage;
use segcap::core::geometry::Size;
use segcap::core::mask::spans::{Span, Spans};

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

#[cfg(test)]
mod tests {
    use image::{GrayImage, ImageBuffer, Luma, RgbImage};

    use super::*;

    fn folder_with(labels: impl FnOnce(&Path)) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        RgbImage::new(4, 2).save(folder.path().join("mug.png")).unwrap();
        labels(&folder.path().join("mug.ids.png"));
        folder
    }

    fn things(folder: &Path, size: Size) -> Result<Vec<Spans>> {
        let pairs = pairs(folder)?;
        assert_eq!(pairs.iter().map(|pair| pair.picture.clone()).collect::<Vec<_>>(), [folder.join("mug.png")]);
        pairs[0].things(size)
    }

    #[test]
    fn each_number_is_a_thing_and_zero_is_none() {
        let grey = GrayImage::from_raw(4, 2, vec![7, 7, 0, 1, 7, 0, 0, 1]).unwrap();
        let folder = folder_with(|file| grey.save(file).unwrap());
        let found = things(folder.path(), Size::new(4, 2)).unwrap();
        assert_eq!(found.iter().map(Spans::area).collect::<Vec<_>>(), [2, 3], "by number");
        assert!(found[0].contains(3, 1) && found[1].contains(0, 1));
        let error = things(folder.path(), Size::new(8, 2)).unwrap_err().to_string();
        assert!(error.contains("8") && error.contains("4"), "{error}");
    }

    #[test]
    fn numbers_may_have_sixteen_bits_but_no_colours() {
        let deep = ImageBuffer::<Luma<u16>, _>::from_raw(4, 2, vec![700, 0, 0, 444, 0, 0, 0, 0]).unwrap();
        let folder = folder_with(|file| deep.save(file).unwrap());
        assert_eq!(things(folder.path(), Size::new(4, 2)).unwrap().len(), 2);
        let folder = folder_with(|file| RgbImage::new(4, 2).save(file).unwrap());
        let error = things(folder.path(), Size::new(4, 2)).unwrap_err().to_string();
        assert!(error.contains("expected a grey PNG"), "{error}");
    }

    #[test]
    fn labels_without_a_picture_are_an_error_and_a_picture_without_labels_is_none() {
        let folder = tempfile::tempdir().unwrap();
        RgbImage::new(4, 2).save(folder.path().join("cup.png")).unwrap();
        assert_eq!(pairs(folder.path()).unwrap().len(), 0);
        GrayImage::new(4, 2).save(folder.path().join("mug.ids.png")).unwrap();
        let error = pairs(folder.path()).err().unwrap().to_string();
        assert!(error.contains("expected mug.jpg or mug.png"), "{error}");
    }
}
