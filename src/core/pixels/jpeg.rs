//! What a JPEG file says of itself before it is decoded (ITU-T T.81, annex B).

/// What stands in a JPEG file, read without decoding it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct JpegFacts {
    /// Width and height of the frame header, if there is one.
    pub size: Option<(u32, u32)>,
    /// The end marker is there: nothing was cut off.
    pub complete: bool,
}

const START_OF_IMAGE: u8 = 0xD8;
const END_OF_IMAGE: u8 = 0xD9;
const START_OF_SCAN: u8 = 0xDA;

/// Walks the markers from the start of the file.
pub(super) fn inspect(data: &[u8]) -> JpegFacts {
    let mut facts = JpegFacts::default();
    let mut rest = data;
    while let Some((marker, after)) = next_marker(rest) {
        rest = after;
        if marker == END_OF_IMAGE {
            facts.complete = true;
            break;
        }
        if stands_alone(marker) {
            continue;
        }
        let Some(segment) = segment(rest) else { break };
        if is_frame_header(marker) {
            facts.size = facts.size.or_else(|| frame_size(segment));
        }
        rest = &rest[segment.len()..];
        if marker == START_OF_SCAN {
            rest = after_scan(rest);
        }
    }
    facts
}

/// The marker at the start of `data` (0xFF may be repeated as filling) and what follows it.
fn next_marker(data: &[u8]) -> Option<(u8, &[u8])> {
    let (&first, rest) = data.split_first()?;
    let filling = rest.iter().take_while(|&&byte| byte == 0xFF).count();
    let (&marker, rest) = rest[filling..].split_first()?;
    (first == 0xFF && marker != 0).then_some((marker, rest))
}

/// Markers without a length: RST0 to RST7, SOI, TEM.
fn stands_alone(marker: u8) -> bool {
    matches!(marker, 0x01 | 0xD0..=0xD7 | START_OF_IMAGE)
}

/// SOF0 to SOF15; DHT, JPG and DAC lie between them.
fn is_frame_header(marker: u8) -> bool {
    matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC)
}

/// The segment with its length bytes.
fn segment(data: &[u8]) -> Option<&[u8]> {
    let length = usize::from(u16::from_be_bytes([*data.first()?, *data.get(1)?]));
    if length < 2 { None } else { data.get(..length) }
}

/// Length (2), precision (1), height (2), width (2) ...
fn frame_size(segment: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u32::from(u16::from_be_bytes([*segment.get(at)?, *segment.get(at + 1)?])));
    Some((number(5)?, number(3)?))
}

/// What follows the entropy-coded data: in it 0xFF is followed by 0 or by a restart marker.
fn after_scan(data: &[u8]) -> &[u8] {
    let is_end = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xD0..=0xD7 | 0xFF);
    let end = data.windows(2).position(is_end).unwrap_or(data.len());
    &data[end..]
}
