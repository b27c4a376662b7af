//! Colours that people tell apart, with every kind of colour vision.

use image::Rgb;

/// Okabe and Ito's colours (Color Universal Design, 2008) without black, ordered so that neighbours differ most; slightly
/// more saturated than printed, since they lie over photographs.
const BASE: [[u8; 3]; 7] = [
    [230, 159, 0],   // orange
    [46, 160, 240],  // sky blue
    [245, 228, 50],  // yellow
    [213, 83, 0],    // vermilion
    [0, 170, 120],   // bluish green
    [214, 110, 170], // reddish purple
    [20, 95, 200],   // blue
];

/// The colour of a label. The first seven labels have the purest colours; later ones are lighter and darker kin.
pub fn color(label: u16) -> Rgb<u8> {
    let at = usize::from(label).saturating_sub(1);
    let base = BASE[at % BASE.len()];
    let (towards, share) = match at / BASE.len() % 3 {
        0 => (0, 0.0),
        1 => (255, 0.45),
        _ => (0, 0.38),
    };
    Rgb(base.map(|channel| mix(channel, towards, share)))
}

/// Black or white, whichever is easier to read on `background` (WCAG 2.2, relative luminance).
pub(super) fn ink_on(background: Rgb<u8>) -> Rgb<u8> {
    // Above this luminance black has the higher contrast: (L + 0.05)^2 = 1.05 * 0.05.
    if luminance(background) > 0.179 { Rgb([16, 16, 18]) } else { Rgb([255; 3]) }
}

/// Relative luminance, 0 to 1.
pub(super) fn luminance(Rgb(channels): Rgb<u8>) -> f32 {
    let linear = channels.map(|channel| {
        let value = f32::from(channel) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

fn mix(from: u8, to: u8, share: f32) -> u8 {
    (f32::from(from) * (1.0 - share) + f32::from(to) * share).round() as u8
}
