//! What the user pointed at.

use image::Rgb;

use super::Scale;
use super::canvas::{Canvas, Rect};
use super::palette::{color, ink_on};
use crate::core::geometry::PixelBox;
use crate::core::prompt::{Click, Shape};
use crate::core::region::Region;

/// The region's prompt: clicks as discs with a plus (this) or a minus (not this), a box as a frame.
pub(super) fn prompt(canvas: &mut Canvas, region: &Region, scale: Scale) {
    let color = color(region.label);
    let clicks: &[Click] = match &*region.prompt {
        Shape::Points(clicks) | Shape::Mask { clicks, .. } => clicks,
        Shape::Box { rect, clicks } => {
            frame(canvas, *rect, scale.line as f32, color);
            clicks
        }
        Shape::Everything => &[],
    };
    for click in clicks {
        disc(canvas, click, (scale.text * 0.42).max(6.0), color);
    }
}

fn frame(canvas: &mut Canvas, PixelBox { x, y, width, height }: PixelBox, line: f32, color: Rgb<u8>) {
    let rect = Rect::new(x as f32, y as f32, width as f32, height as f32);
    canvas.frame(rect.grown(1.0), line + 2.0, Rgb([0; 3]), 0.35);
    canvas.frame(rect, line, color, 1.0);
}

fn disc(canvas: &mut Canvas, click: &Click, radius: f32, color: Rgb<u8>) {
    let (x, y) = (click.at.x, click.at.y);
    let circle = |canvas: &mut Canvas, radius: f32, color, alpha| {
        canvas.rounded(Rect::around(x, y, radius), radius, color, alpha);
    };
    circle(canvas, radius * 1.16, Rgb([0; 3]), 0.5);
    circle(canvas, radius, Rgb([255; 3]), 1.0);
    circle(canvas, radius * 0.8, color, 1.0);
    let (arm, half) = (radius * 0.48, (radius * 0.12).max(0.6));
    let ink = ink_on(color);
    canvas.rounded(Rect { left: x - arm, right: x + arm, top: y - half, bottom: y + half }, half, ink, 1.0);
    if click.foreground {
        canvas.rounded(Rect { left: x - half, right: x + half, top: y - arm, bottom: y + arm }, half, ink, 1.0);
    }
}
