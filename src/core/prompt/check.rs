//! From prompts as they came to prompts that fit an image.

use std::sync::Arc;

use super::error::{PromptError, PromptFault};
use super::{Click, Prompt, RawPrompt, Shape};
use crate::core::geometry::{PixelBox, Point, Size};
use crate::core::mask::Mask;
use crate::core::settings::Limits;
use crate::core::text::{one_line, unfit_for_a_line};

/// Most points in one prompt: each is a token for the decoder, and people click a few times.
pub const MAX_POINTS: usize = 128;
/// Longest id, bytes.
pub const MAX_ID_BYTES: usize = 256;
/// A mask's pixel of this value and above belongs to the object (`msg/Prompt.msg`).
const MASK_THRESHOLD: u8 = 128;

const POINTS: u8 = 0;
const BOX: u8 = 1;
const MASK: u8 = 2;
const EVERYTHING: u8 = 3;

impl Prompt {
    /// All prompts of a request, for an image of this size. Ids may repeat.
    ///
    /// # Errors
    /// [`PromptError`]: none, more than `limits.max_prompts`, or the first prompt that [`Prompt::check`] refuses.
    pub fn check_all(raw: &[RawPrompt], image: Size, limits: &Limits) -> Result<Vec<Self>, PromptError> {
        let max = limits.max_prompts;
        if raw.is_empty() {
            return Err(PromptError::Missing { max });
        }
        if raw.len() > max {
            return Err(PromptError::TooMany { max, got: raw.len() });
        }
        let checked = raw.iter().enumerate().map(|(index, prompt)| {
            Self::check(prompt, image, limits).map_err(|fault| PromptError::Faulty {
                index,
                id: one_line(&prompt.id, 40),
                fault,
            })
        });
        checked.collect()
    }

    /// One prompt. A box that sticks out of the image is cut to the part inside.
    ///
    /// # Errors
    /// [`PromptFault`], which names what was expected.
    pub fn check(raw: &RawPrompt, image: Size, limits: &Limits) -> Result<Self, PromptFault> {
        check_id(&raw.id)?;
        let shape = match raw.kind {
            POINTS => Shape::Points(foreground_clicks(raw, image)?),
            BOX => Shape::Box { rect: rect(raw.rect, image)?, clicks: clicks(raw, image)? },
            MASK => Shape::Mask { mask: Arc::new(mask(raw, image, limits)?), clicks: clicks(raw, image)? },
            EVERYTHING => Shape::Everything,
            kind => return Err(PromptFault::UnknownKind { kind }),
        };
        Ok(Self { id: raw.id.clone(), shape })
    }
}

/// It comes back in messages, log lines and viewers.
fn check_id(id: &str) -> Result<(), PromptFault> {
    if id.len() > MAX_ID_BYTES {
        return Err(PromptFault::IdTooLong { max: MAX_ID_BYTES, got: id.len() });
    }
    unfit_for_a_line(id).map_or(Ok(()), |got| Err(PromptFault::IdCharacter { got }))
}

fn foreground_clicks(raw: &RawPrompt, image: Size) -> Result<Vec<Click>, PromptFault> {
    let clicks = clicks(raw, image)?;
    if clicks.is_empty() {
        return Err(PromptFault::NoPoints);
    }
    if !clicks.iter().any(|click| click.foreground) {
        return Err(PromptFault::NoForeground { got: clicks.len() });
    }
    Ok(clicks)
}

fn clicks(raw: &RawPrompt, image: Size) -> Result<Vec<Click>, PromptFault> {
    let (points, labels) = (&raw.points, &raw.labels);
    if points.len() > MAX_POINTS {
        return Err(PromptFault::TooManyPoints { max: MAX_POINTS, got: points.len() });
    }
    if !labels.is_empty() && labels.len() != points.len() {
        return Err(PromptFault::LabelCount { points: points.len(), labels: labels.len() });
    }
    let labels = labels.iter().copied().chain(std::iter::repeat(1));
    let checked = points.iter().zip(labels).enumerate().map(|(index, (&(x, y), label))| {
        Ok(Click { at: point(index, x, y, image)?, foreground: is_foreground(index, label)? })
    });
    checked.collect()
}

fn point(index: usize, x: f32, y: f32, image: Size) -> Result<Point, PromptFault> {
    if !x.is_finite() || !y.is_finite() {
        return Err(PromptFault::PointNotFinite { index, x, y });
    }
    if x < 0.0 || y < 0.0 || x >= image.width as f32 || y >= image.height as f32 {
        return Err(PromptFault::PointOutside { index, x, y, image });
    }
    Ok(Point::new(x, y))
}

fn is_foreground(index: usize, label: u8) -> Result<bool, PromptFault> {
    match label {
        0 => Ok(false),
        1 => Ok(true),
        value => Err(PromptFault::LabelValue { index, value }),
    }
}

fn rect((x, y, width, height): (u32, u32, u32, u32), image: Size) -> Result<PixelBox, PromptFault> {
    if width == 0 || height == 0 {
        return Err(PromptFault::BoxEmpty { width, height });
    }
    if x >= image.width || y >= image.height {
        return Err(PromptFault::BoxOutside { x, y, image });
    }
    Ok(PixelBox::new(x, y, width.min(image.width - x), height.min(image.height - y)))
}

fn mask(raw: &RawPrompt, image: Size, limits: &Limits) -> Result<Mask, PromptFault> {
    let mask = &raw.mask;
    if !matches!(mask.encoding.as_str(), "mono8" | "8UC1") {
        return Err(PromptFault::MaskEncoding { encoding: one_line(&mask.encoding, 40) });
    }
    if (mask.width, mask.height) != (image.width, image.height) {
        return Err(PromptFault::MaskSize { width: mask.width, height: mask.height, image });
    }
    let mut pixels = mask.to_mono8(limits).map_err(PromptFault::MaskUnreadable)?;
    for value in &mut pixels {
        *value = u8::from(*value >= MASK_THRESHOLD);
    }
    Mask::from_binary(image, &pixels).ok_or(PromptFault::MaskEmpty)
}
