//! What a JPEG file says of itself before it is decoded (ITU-T T.81, annex B).

/// What stands in a JPEG file, read without decoding it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct JpegFacts {
    /// Width and height of the frame header, if there is one.
    pub size: Option<(u32, u32)>,
    /// The end marker is there: nothing was cut off.
    pub complete: bool,
    /// The file ends in the entropy-coded data of a scan, or right behind it.
    pub ends_in_scan: bool,
}

/// Bytes that follow a file without an end marker: more than a decoder reads ahead.
const FILLING_BYTES: usize = 64;

/// The file with two different ends, for files that end in a scan. Where both decode to the same pixels, the file holds all of
/// them and lacks its end marker only, as some cameras' do; a decoder does not say how far the data went.
pub(super) fn ended(data: &[u8]) -> [Vec<u8>; 2] {
    // A single 0xFF is the first half of a marker, or of a pair that stands for a byte.
    let data = data.strip_suffix(&[0xFF]).unwrap_or(data);
    // Bits of 0, and bits of 1: a data byte of 0xFF is written with a 0 behind it.
    [[0x00, 0x00], [0xFF, 0x00]].map(|filling| {
        let mut file = Vec::with_capacity(data.len() + FILLING_BYTES + 2);
        file.extend_from_slice(data);
        file.extend(filling.into_iter().cycle().take(FILLING_BYTES));
        file.extend([0xFF, END_OF_IMAGE]);
        file
    })
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
            facts.ends_in_scan = rest.is_empty() || rest == [0xFF];
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
    let cut_off = data.len() - usize::from(data.ends_with(&[0xFF]));
    let end = data.windows(2).position(is_end).unwrap_or(cut_off);
    &data[end..]
}
