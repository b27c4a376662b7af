//! Colour pixels whose channels lie beside each other.

use super::layout::Layout;

/// RGB already: one copy, where the rows are tight.
pub(super) fn rgb(layout: &Layout) -> Vec<u8> {
    if let Some(pixels) = layout.contiguous() {
        return pixels.to_vec();
    }
    let mut rgb = Vec::with_capacity(layout.rgb_row_bytes() * layout.height);
    layout.rows().for_each(|row| rgb.extend_from_slice(row));
    rgb
}

/// Pixels of N bytes, of which `order` names those of red, green and blue; the rest is dropped.
pub(super) fn swizzle<const N: usize>(layout: &Layout, order: [usize; 3]) -> Vec<u8> {
    let [red, green, blue] = order;
    let mut rgb = layout.rgb_buffer();
    for (to, from) in rgb.chunks_exact_mut(layout.rgb_row_bytes()).zip(layout.rows()) {
        for (to, from) in to.as_chunks_mut::<3>().0.iter_mut().zip(from.as_chunks::<N>().0) {
            *to = [from[red], from[green], from[blue]];
        }
    }
    rgb
}
