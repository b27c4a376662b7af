//! Where the rows of a raw image lie in its bytes, once they are known to be there.

use super::RawImageRef;
use super::encoding::Encoding;
use super::error::ImageError;
use crate::core::settings::Limits;

/// Checked rows of a raw image.
pub(super) struct Layout<'a> {
    pub width: usize,
    pub height: usize,
    /// Bytes of a row that carry pixels of the first plane.
    row_bytes: usize,
    step: usize,
    data: &'a [u8],
}

/// Refuses pictures without pixels and with more than the limit.
pub(super) fn check_pixels(width: u32, height: u32, limits: &Limits) -> Result<(), ImageError> {
    let px = u64::from(width) * u64::from(height);
    if px == 0 {
        return Err(ImageError::Empty { width, height });
    }
    if px > limits.max_image_px {
        return Err(ImageError::TooLarge { width, height, px, max_px: limits.max_image_px });
    }
    Ok(())
}

/// The bytes of a row's pixels, which are no more than from one row to the next.
pub(super) fn check_step(encoding: Encoding, width: u32, step: u32) -> Result<u64, ImageError> {
    let row_bytes = u64::from(width) * encoding.bytes_per_pixel();
    if u64::from(step) < row_bytes {
        return Err(ImageError::StepTooSmall { encoding: encoding.name(), width, row_bytes, step });
    }
    Ok(row_bytes)
}

impl<'a> Layout<'a> {
    pub fn checked(image: &RawImageRef<'a>, encoding: Encoding, limits: &Limits) -> Result<Self, ImageError> {
        let RawImageRef { width, height, step, data, .. } = *image;
        check_pixels(width, height, limits)?;
        let name = encoding.name();
        if let Some(rule) = encoding.broken_size_rule(width, height) {
            return Err(ImageError::BadSize { encoding: name, rule, width, height });
        }
        let row_bytes = check_step(encoding, width, step)?;
        // A step and a height of u32 fit into u64 together; NV24's three planes may not.
        let needed = u64::from(step).saturating_mul(encoding.rows(height));
        if (data.len() as u64) < needed {
            let got = data.len() as u64;
            return Err(ImageError::DataTooShort { encoding: name, width, height, step, needed, got });
        }
        image.check_excess()?;
        let (width, height, step) = (width as usize, height as usize, step as usize);
        Ok(Self { width, height, row_bytes: row_bytes as usize, step, data: &data[..needed as usize] })
    }

    /// Rows of the first plane, without what lies between them.
    pub fn rows(&self) -> impl Iterator<Item = &'a [u8]> {
        let row_bytes = self.row_bytes;
        self.data.chunks_exact(self.step).take(self.height).map(move |row| &row[..row_bytes])
    }

    /// Rows of the plane below, `steps` steps apart and `steps` luma rows long.
    pub fn chroma_rows(&self, steps: usize) -> impl Iterator<Item = &'a [u8]> {
        let row_bytes = self.row_bytes * steps;
        self.data[self.step * self.height..].chunks_exact(self.step * steps).map(move |row| &row[..row_bytes])
    }

    /// The first plane as one piece, where nothing lies between its rows.
    pub fn contiguous(&self) -> Option<&'a [u8]> {
        (self.step == self.row_bytes).then_some(self.data)
    }

    /// A buffer for the RGB image.
    pub fn rgb_buffer(&self) -> Vec<u8> {
        vec![0; self.rgb_row_bytes() * self.height]
    }

    pub fn rgb_row_bytes(&self) -> usize {
        self.width * 3
    }
}
