//! Lines of text as coverage: which share of each pixel the letters take.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, GlyphId, PxScale, ScaleFont, point};
use epaint_default_fonts::{HACK_REGULAR, UBUNTU_LIGHT};

/// Letters are drawn this much wider, in text heights: Ubuntu Light alone is thin at small sizes.
const STROKE: f32 = 0.028;

const ELLIPSIS: char = '\u{2026}';

/// The first font that has a character draws it.
static FONTS: LazyLock<[FontRef<'static>; 2]> = LazyLock::new(|| {
    [UBUNTU_LIGHT, HACK_REGULAR].map(|font| FontRef::try_from_slice(font).expect("a font compiled into the program"))
});

/// Text of one size.
#[derive(Clone, Copy)]
pub(super) struct Typesetter {
    px: f32,
}

impl Typesetter {
    pub fn new(px: f32) -> Self {
        Self { px }
    }

    pub fn line_height(self) -> f32 {
        (self.px * 1.15).ceil()
    }

    pub fn width(self, text: &str) -> f32 {
        self.glyphs(text).1
    }

    /// Breaks text between words, or within a word that is too long, into at most `max_lines` lines of this width; what
    /// does not fit ends in an ellipsis.
    pub fn wrap(self, text: &str, max_width: f32, max_lines: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            match lines.last_mut() {
                Some(line) if self.width(&format!("{line} {word}")) <= max_width => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        let overfull = lines.len() > max_lines;
        lines.truncate(max_lines);
        let last = lines.len().saturating_sub(1);
        for (at, line) in lines.iter_mut().enumerate() {
            let more = overfull && at == last;
            if more || self.width(line) > max_width {
                *line = self.shorten(line, max_width);
            }
        }
        lines
    }

    /// As [`Typesetter::wrap`], with the lines as equally long as words allow.
    pub fn wrap_evenly(self, text: &str, max_width: f32, max_lines: usize) -> Vec<String> {
        let mut best = self.wrap(text, max_width, max_lines);
        if best.len() < 2 || best.iter().any(|line| line.ends_with(ELLIPSIS)) {
            return best;
        }
        for share in (50..100).step_by(5) {
            let narrower = self.wrap(text, max_width * share as f32 / 100.0, best.len());
            if !narrower.iter().any(|line| line.ends_with(ELLIPSIS)) {
                best = narrower;
                break;
            }
        }
        best
    }

    /// As many characters as fit, and an ellipsis.
    fn shorten(self, text: &str, max_width: f32) -> String {
        let mut kept = text.to_owned();
        loop {
            let shortened = format!("{}{ELLIPSIS}", kept.trim_end());
            if self.width(&shortened) <= max_width || kept.pop().is_none() {
                return shortened;
            }
        }
    }

    /// One line.
    pub fn render(self, text: &str) -> Coverage {
        let (glyphs, width) = self.glyphs(text);
        let mut coverage = Coverage::empty(width.ceil() as usize + 2, self.line_height() as usize + 1);
        let scale = PxScale::from(self.px);
        let baseline = FONTS[0].as_scaled(scale).ascent();
        for PlacedGlyph { font, id, x } in glyphs {
            for shift in [0.0, self.px * STROKE] {
                let glyph = id.with_scale_and_position(scale, point(x + shift, baseline));
                let Some(outline) = FONTS[font].outline_glyph(glyph) else { continue };
                let bounds = outline.px_bounds();
                let (left, top) = (bounds.min.x as i64, bounds.min.y as i64);
                outline
                    .draw(|column, row, share| coverage.cover(left + i64::from(column), top + i64::from(row), share));
            }
        }
        coverage
    }

    /// Glyphs with their offsets, and the whole width.
    fn glyphs(self, text: &str) -> (Vec<PlacedGlyph>, f32) {
        let mut placed = Vec::new();
        let mut x = 0.0;
        let mut last: Option<(usize, GlyphId)> = None;
        for character in text.chars() {
            let (font, id) = glyph_of(character);
            let scaled = FONTS[font].as_scaled(PxScale::from(self.px));
            if let Some((_, before)) = last.filter(|(of, _)| *of == font) {
                x += scaled.kern(before, id);
            }
            placed.push(PlacedGlyph { font, id, x });
            x += scaled.h_advance(id);
            last = Some((font, id));
        }
        (placed, x)
    }
}

/// Which share of each pixel is ink, 0 to 1.
pub(super) struct Coverage {
    width: usize,
    shares: Vec<f32>,
}

impl Coverage {
    fn empty(width: usize, height: usize) -> Self {
        Self { width, shares: vec![0.0; width * height] }
    }

    fn cover(&mut self, x: i64, y: i64, share: f32) {
        let Ok(x) = usize::try_from(x) else { return };
        let Ok(y) = usize::try_from(y) else { return };
        if x < self.width && y * self.width + x < self.shares.len() {
            let covered = &mut self.shares[y * self.width + x];
            *covered = covered.max(share);
        }
    }

    /// Column, row and share of every pixel that has ink.
    pub fn pixels(&self) -> impl Iterator<Item = (usize, usize, f32)> {
        let inked = self.shares.iter().enumerate().filter(|(_, share)| **share > 0.0);
        inked.map(|(at, &share)| (at % self.width, at / self.width, share))
    }
}

struct PlacedGlyph {
    font: usize,
    id: GlyphId,
    x: f32,
}

/// Font and glyph; the first font's "missing" glyph where no font has the character.
fn glyph_of(character: char) -> (usize, GlyphId) {
    let found = FONTS.iter().enumerate().map(|(at, font)| (at, font.glyph_id(character)));
    found.clone().find(|(_, id)| id.0 != 0).unwrap_or((0, GlyphId(0)))
}
