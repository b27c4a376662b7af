"""What the demo shows: tables for the terminal and pictures for the disk."""

import shutil
import textwrap

import numpy as np
from clip import name_of
from pictures import region_mask
from PIL import Image, ImageDraw, ImageFont

BACKGROUND = (24, 26, 30)
GOLDEN_ANGLE = 0.618034


def table(headers, rows, wide_column=-1):
    """Rows of strings in aligned columns; `wide_column` is wrapped to what the terminal leaves for it."""
    widths = [max(len(str(row[i])) for row in [headers, *rows]) for i in range(len(headers))]
    wide_column %= len(headers)
    others = sum(widths) - widths[wide_column] + 2 * len(headers)
    widths[wide_column] = max(12, min(widths[wide_column], shutil.get_terminal_size((110, 24)).columns - others))
    lines = [_line(headers, widths), "  ".join("-" * width for width in widths)]
    for row in rows:
        wrapped = textwrap.wrap(str(row[wide_column]), widths[wide_column]) or [""]
        for number, part in enumerate(wrapped):
            cells = list(row) if number == 0 else [""] * len(row)
            cells[wide_column] = part
            lines.append(_line(cells, widths))
    return textwrap.indent("\n".join(lines), "  ")


def _line(cells, widths):
    return "  ".join(str(cell).ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def region_headers(array):
    """Headers of the region table; with positions where the array has any."""
    space = ("x, y, z [m]",) if _has_positions(array) else ()
    return ("label", "id", "prompt", "box", "score", *space, "caption")


def region_rows(array):
    """Cells of the region table, in the order of the array."""
    has_positions = _has_positions(array)
    return [
        (
            region.label,
            region.id,
            region.prompt_id or "-",
            f"{region.bbox.x_offset},{region.bbox.y_offset} {region.bbox.width}x{region.bbox.height}",
            f"{region.predicted_iou:.2f}",
            *((_position(region),) if has_positions else ()),
            region.caption or f"({_state_word(region)})",
        )
        for region in array.regions
    ]


def _has_positions(array):
    return any(region.has_position for region in array.regions)


def _position(region):
    return " ".join(f"{metres:5.2f}" for metres in _xyz(region)) if region.has_position else "-"


def _xyz(region):
    return region.position.x, region.position.y, region.position.z


def positions_line(array, things):
    """Where the positions are, and how far from those of the things that the prompts name (objects of a truth.json)."""
    truth = [(name_of(thing), thing["surface_position"]) for thing in things]
    measured = [region for region in array.regions if region.has_position]
    line = f"Positions are metres in {array.header.frame_id}: x right, y down, z forward."
    off_mm = [
        1e3 * float(np.linalg.norm(np.subtract(_xyz(region), place)))
        for region in measured
        for name, place in truth
        if region.prompt_id.endswith(f" {name}")
    ]
    if off_mm:
        line += f" {len(off_mm)} of {len(array.regions)} are known:"
        line += f" off by {percentile(off_mm, 50):.0f} mm (median), {max(off_mm):.0f} mm at most."
    return line


def _state_word(region):
    words = {region.CAPTION_NONE: "not asked for", region.CAPTION_PENDING: "pending", region.CAPTION_FAILED: "failed"}
    return words.get(region.caption_state, "?")


def percentile(values, percent):
    """The value below which `percent` % lie; NaN without values."""
    return float(np.percentile(values, percent)) if len(values) else float("nan")


def milliseconds(value):
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"


def write_label_map(labels, path):
    """A 16-bit greyscale PNG with the labels as they are."""
    Image.fromarray(labels.astype(np.uint16)).save(path)


def write_coloured_labels(labels, array, path):
    """One colour for each label, its number in the middle of the region, and the captions below the picture."""
    palette = np.array([BACKGROUND] + [_colour(i) for i in range(1, int(labels.max()) + 1)], np.uint8)
    picture = Image.fromarray(palette[labels])
    size = max(12, round(min(picture.size) / 28))
    font = ImageFont.load_default(size)
    draw = ImageDraw.Draw(picture)
    for region in array.regions:
        x, y = _inner_point(region_mask(region, array.width, array.height))
        text = {"font": font, "anchor": "mm", "stroke_width": max(1, size // 8), "stroke_fill": BACKGROUND}
        draw.text((x, y), str(region.label), fill="white", **text)
    _with_legend(picture, array, font, size).save(path)


def _colour(label):
    """A colour far from those of the neighbouring labels: hues at steps of the golden angle."""
    hue = (label * GOLDEN_ANGLE) % 1.0
    lightness = (62, 52, 72)[label % 3]
    return tuple(Image.new("HSV", (1, 1), (int(hue * 255), 150, int(lightness * 3.2))).convert("RGB").getpixel((0, 0)))


def _inner_point(mask):
    """The pixel of the mask that is nearest to its centre of mass."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return 0, 0
    nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
    return int(columns[nearest]), int(rows[nearest])


def _with_legend(picture, array, font, size):
    line = round(size * 1.5)
    shown = [region for region in array.regions if region.caption][:24]
    page = Image.new("RGB", (picture.width, picture.height + line * len(shown) + (line if shown else 0)), BACKGROUND)
    page.paste(picture, (0, 0))
    draw = ImageDraw.Draw(page)
    for number, region in enumerate(shown):
        y = picture.height + line // 2 + number * line
        draw.rectangle((size, y, 2 * size, y + size), fill=_colour(region.label))
        draw.text((round(2.6 * size), y - size // 8), f"{region.label}  {region.caption}", font=font, fill="white")
    return page
