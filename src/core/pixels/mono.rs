//! Grey pixels of one and two bytes.

use super::layout::Layout;

pub(super) fn mono8(layout: &Layout) -> Vec<u8> {
    let mut rgb = layout.rgb_buffer();
    for (to, from) in rgb.chunks_exact_mut(layout.rgb_row_bytes()).zip(layout.rows()) {
        for (to, &grey) in to.as_chunks_mut::<3>().0.iter_mut().zip(from) {
            *to = [grey; 3];
        }
    }
    rgb
}

pub(super) fn mono16(layout: &Layout, big_endian: bool) -> Vec<u8> {
    let value = if big_endian { u16::from_be_bytes } else { u16::from_le_bytes };
    let mut rgb = layout.rgb_buffer();
    for (to, from) in rgb.chunks_exact_mut(layout.rgb_row_bytes()).zip(layout.rows()) {
        for (to, &from) in to.as_chunks_mut::<3>().0.iter_mut().zip(from.as_chunks::<2>().0) {
            *to = [to_8_bits(value(from)); 3];
        }
    }
    rgb
}

/// 0..=65535 to 0..=255, rounded: 65535 / 255 = 257.
fn to_8_bits(value: u16) -> u8 {
    ((u32::from(value) + 128) / 257) as u8
}
