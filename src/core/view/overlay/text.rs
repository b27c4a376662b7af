//! Lines of text as coverage: which share of each pixel the letters take.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, GlyphId, PxScale, ScaleFont, point};
use epaint_default_fonts::{HACK_REGULAR, UBUNTU_LIGHT};

/// Letters are drawn this much wider, in text heights: Ubuntu Light alone is thin at small sizes.
const STROKE: f32 = 0.028;

const ELLIPSIS: char = '\u{2026}';

/// Places within a pixel at which a letter can begin.
const STEPS: f32 = 4.0;

/// The first font that has a character draws it.
static FONTS: LazyLock<[FontRef<'static>; 2]> = LazyLock::new(|| {
    [UBUNTU_LIGHT, HACK_REGULAR].map(|font| FontRef::try_from_slice(font).expect("a font compiled into the program"))
});

/// Text of one size.
pub(super) struct Typesetter {
    px: f32,
    /// Letters drawn before, by font, glyph and step within a pixel.
    stamps: RefCell<HashMap<(usize, GlyphId, u8), Stamp>>,
}

/// The pixels of a letter relative to the start of its baseline, with the share of each that is ink.
type Stamp = Rc<[(i32, i32, f32)]>;

impl Typesetter {
    pub fn new(px: f32) -> Self {
        Self { px, stamps: RefCell::default() }
    }

    pub fn line_height(&self) -> f32 {
        (self.px * 1.15).ceil()
    }

    pub fn width(&self, text: &str) -> f32 {
        self.glyphs(text).1
    }

    /// Breaks text between words into at most `max_lines` lines of at most this width, as equally long as words allow;
    /// what does not fit ends in an ellipsis.
    pub fn wrap(&self, text: &str, max_width: f32, max_lines: usize) -> Vec<String> {
        let words: Vec<Word> =
            text.split_whitespace().map(|word| Word { text: word, width: self.width(word) }).collect();
        let space = self.width(" ");
        let widest = break_lines(&words, space, max_width);
        if widest.len() > max_lines || words.iter().any(|word| word.width > max_width) {
            return self.cut(&widest, max_width, max_lines);
        }
        let narrower =
            (50..100).step_by(5).map(|percent| break_lines(&words, space, max_width * percent as f32 / 100.0));
        let fits = |lines: &Vec<&[Word]>| {
            lines.len() == widest.len() && lines.iter().all(|line| line_width(line, space) <= max_width)
        };
        let even = narrower.into_iter().find(fits).unwrap_or_else(|| widest.clone());
        even.into_iter().map(join).collect()
    }

    /// The first lines, the last of them with an ellipsis, and every line that is too wide.
    fn cut(&self, lines: &[&[Word]], max_width: f32, max_lines: usize) -> Vec<String> {
        let kept = lines.iter().take(max_lines).map(|line| join(line));
        let shortened = kept.enumerate().map(|(at, line)| {
            let more = at + 1 == max_lines && lines.len() > max_lines;
            if more || self.width(&line) > max_width { self.shorten(&line, max_width) } else { line }
        });
        shortened.collect()
    }

    /// As many characters as fit, and an ellipsis.
    fn shorten(&self, text: &str, max_width: f32) -> String {
        let mut kept = text.to_owned();
        loop {
            let shortened = format!("{}{ELLIPSIS}", kept.trim_end());
            if self.width(&shortened) <= max_width || kept.pop().is_none() {
                return shortened;
            }
        }
    }

    /// One line.
    pub fn render(&self, text: &str) -> Coverage {
        let (glyphs, width) = self.glyphs(text);
        let mut coverage = Coverage::empty(width.ceil() as usize + 2, self.line_height() as usize + 1);
        let baseline = FONTS[0].as_scaled(PxScale::from(self.px)).ascent().round() as i64;
        for PlacedGlyph { font, id, x } in glyphs {
            let step = (x.fract() * STEPS) as u8;
            for &(column, row, share) in self.stamp(font, id, step).iter() {
                coverage.cover(x as i64 + i64::from(column), baseline + i64::from(row), share);
            }
        }
        coverage
    }

    fn stamp(&self, font: usize, id: GlyphId, step: u8) -> Stamp {
        let draw = || {
            let mut pixels = Vec::new();
            let start = f32::from(step) / STEPS;
            for x in [start, start + self.px * STROKE] {
                let glyph = id.with_scale_and_position(PxScale::from(self.px), point(x, 0.0));
                let Some(outline) = FONTS[font].outline_glyph(glyph) else { continue };
                let bounds = outline.px_bounds();
                let (left, top) = (bounds.min.x as i32, bounds.min.y as i32);
                outline.draw(|column, row, share| pixels.push((left + column as i32, top + row as i32, share)));
            }
            pixels.into()
        };
        self.stamps.borrow_mut().entry((font, id, step)).or_insert_with(draw).clone()
    }

    /// Glyphs with their offsets, and the whole width.
    fn glyphs(&self, text: &str) -> (Vec<PlacedGlyph>, f32) {
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

struct Word<'a> {
    text: &'a str,
    width: f32,
}

/// As many words a line as fit; a word that is too wide has a line of its own.
fn break_lines<'w, 'a>(words: &'w [Word<'a>], space: f32, max_width: f32) -> Vec<&'w [Word<'a>]> {
    let mut lines = Vec::new();
    let mut rest = words;
    while !rest.is_empty() {
        let fitting = (1..=rest.len()).take_while(|&count| line_width(&rest[..count], space) <= max_width).count();
        let (line, after) = rest.split_at(fitting.max(1));
        lines.push(line);
        rest = after;
    }
    lines
}

fn line_width(words: &[Word], space: f32) -> f32 {
    words.iter().map(|word| word.width).sum::<f32>() + space * words.len().saturating_sub(1) as f32
}

fn join(words: &[Word]) -> String {
    words.iter().map(|word| word.text).collect::<Vec<_>>().join(" ")
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
