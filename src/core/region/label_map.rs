//! Which region a pixel belongs to.

use super::{Region, RegionArray};
use crate::core::geometry::{PixelBox, Size};

impl RegionArray {
    /// Row-major, one value for each pixel of the image: the region's `label`, 0 where there is none. Where regions
    /// overlap, the smaller lies on top.
    pub fn label_map(&self) -> Vec<u16> {
        paint(self.size, &self.regions, |_, region| region.label)
    }
}

/// As [`RegionArray::label_map`], with values of the caller's choice (from the region's index and the region).
pub(in crate::core) fn paint(size: Size, regions: &[Region], value: impl Fn(usize, &Region) -> u16) -> Vec<u16> {
    let mut map = vec![0; size.pixels() as usize];
    for (index, region) in largest_first(regions) {
        paint_region(&mut map, size, region, value(index, region));
    }
    map
}

/// The regions with their indices, so that what is painted later lies on top.
pub(in crate::core) fn largest_first(regions: &[Region]) -> Vec<(usize, &Region)> {
    let mut order: Vec<_> = regions.iter().enumerate().collect();
    order.sort_by_key(|(_, region)| std::cmp::Reverse(region.mask.area()));
    order
}

fn paint_region(map: &mut [u16], size: Size, region: &Region, value: u16) {
    let bbox = region.mask.bbox();
    let Some(visible) = bbox.intersection(PixelBox::of_size(size)) else { return };
    for (y, row) in (bbox.y..visible.bottom()).zip(region.mask.rows()) {
        let start = y as usize * size.width as usize + bbox.x as usize;
        let pixels = &mut map[start..start + visible.width as usize];
        for (pixel, &inside) in pixels.iter_mut().zip(row) {
            *pixel = if inside == 0 { *pixel } else { value };
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::view::overlay::tests::{array_of, region};

    #[test]
    fn smaller_regions_lie_on_top() {
        let small = region(1, PixelBox::new(1, 1, 1, 2));
        let large = region(2, PixelBox::new(0, 0, 3, 3));
        let map = array_of(Size::new(4, 3), vec![small, large]).label_map();
        assert_eq!(map, [2, 2, 2, 0, 2, 1, 2, 0, 2, 1, 2, 0]);
    }

    proptest! {
        #[test]
        fn every_pixel_shows_the_smallest_region_over_it(
            boxes in proptest::collection::vec((0u32..30, 0u32..20, 1u32..20, 1u32..20), 0..8),
        ) {
            let size = Size::new(24, 16);
            let boxes = boxes.into_iter().map(|(x, y, w, h)| PixelBox::new(x, y, w, h));
            let regions: Vec<_> = boxes.enumerate().map(|(at, rect)| region(at as u16 + 1, rect)).collect();
            let map = array_of(size, regions.clone()).label_map();
            for (at, &label) in map.iter().enumerate() {
                let (x, y) = (at as u32 % size.width, at as u32 / size.width);
                let over = regions.iter().filter(|region| region.mask.contains(x, y));
                let smallest = over.clone().map(|region| region.mask.area()).min();
                let shown = over.clone().find(|region| region.label == label).map(|region| region.mask.area());
                prop_assert_eq!(shown, smallest);
                prop_assert_eq!(label == 0, smallest.is_none());
            }
        }
    }
}
