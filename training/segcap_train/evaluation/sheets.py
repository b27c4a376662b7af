"""Contact sheets: picture, prompt, mask, and the caption below, green where it is right and red where it is wrong."""
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ..metrics import iou, named_colour, named_noun, noun_accepted
from ..predict import Picture
from ..prompts import bounding_box
from .measure import centre_click

COLUMNS, COLUMNS_MANY = 5, 7     # of a sheet, and of one with more than three such rows
CELL, LINE, GAP, TOP = (320, 240), 21, 14, 64       # pixels
PAPER, INK, FAINT = (250, 250, 248), (28, 30, 34), (120, 124, 130)
RIGHT, WRONG = (22, 128, 60), (196, 38, 38)
MASK, PROMPT, DIM = (0, 190, 255), (255, 214, 10), (70, 74, 80)
LEGEND = "yellow: the box or click that asks; in colour: the mask; caption: green right, red wrong, gray not judged"
CONTEXT = 2.1                   # the part of the picture that is shown, in sides of the object


def chosen(items, count):
    """[(image, [(number, truth)])]: objects spread evenly over the pictures, by no other merit, numbered from 0."""
    wanted = items if len(items) <= count else [items[int((i + 0.5) * len(items) / count)] for i in range(count)]
    each = -(-count // max(1, len(wanted)))
    found, number = [], 0
    for i, item in enumerate(wanted):
        image, truths = item.load()
        first = i % len(truths) if each == 1 else 0
        picked = truths[first:first + each][:count - number]
        found.append((image, list(enumerate(picked, number))))
        number += len(picked)
    return found


def draw_sheet(bundle, eval_set, pictures, path):
    """One sheet of those `pictures` that have objects; every second object is asked for with a click, the others with
    a box."""
    items = [item for item in eval_set.items if item.name in pictures]
    cells = []
    for image, truths in chosen(items, eval_set.per_sheet):
        picture = Picture(bundle, image)
        cells += [cell(picture, image, truth, click=number % 2 == 1) for number, truth in truths]
    if not cells:
        return
    columns = min(COLUMNS if len(cells) <= 3 * COLUMNS else COLUMNS_MANY, len(cells))
    width, height = CELL[0] + GAP, CELL[1] + 2 * LINE + GAP + 8
    rows = -(-len(cells) // columns)
    sheet = Image.new("RGB", (columns * width + GAP, TOP + rows * height), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, 12), eval_set.title[0].upper() + eval_set.title[1:], INK, font(22))
    draw.text((GAP, 40), LEGEND, FAINT, font(13))
    for i, picture in enumerate(cells):
        sheet.paste(picture, (GAP + i % columns * width, TOP + i // columns * height))
    sheet.save(path)


def cell(picture, image, truth, click):
    """One object: the part of the picture around it, and two lines of words."""
    point, box = centre_click(truth.mask), bounding_box(truth.mask)
    prompt = picture.points(np.array([[point]], np.float32)) if click else picture.boxes([box])
    mask = picture.masks(prompt)[0][0]
    caption, score, _ = picture.captions([mask])[0]
    out = Image.new("RGB", (CELL[0], CELL[1] + 2 * LINE + 8), PAPER)
    out.paste(shown(image, mask, box, point if click else None), (0, 0))
    draw = ImageDraw.Draw(out)
    ink = {True: RIGHT, False: WRONG, None: FAINT}[judgement(caption, truth)]
    draw.text((1, CELL[1] + 4), fitted(draw, f"{caption or '(no words)'}  {score:.2f}", 16), ink, font(16))
    known = " ".join(filter(None, ["/".join(truth.colours), "/".join((truth.noun, *truth.also))]))
    truth_line = f"mask IoU {iou(mask, truth.mask):.2f}" + (f"   truth: {known}" if known else "")
    draw.text((1, CELL[1] + 4 + LINE), fitted(draw, truth_line, 13), FAINT, font(13))
    return out


def judgement(caption, truth):
    """True if noun and colour, as far as they are known, are right; None if neither is known."""
    told = []
    if truth.noun:
        told.append(noun_accepted(named_noun(caption), truth.noun, truth.also))
    if truth.colours:
        told.append(named_colour(caption) in truth.colours)
    return all(told) if told else None


def shown(image, mask, box, point):
    """The part of the picture around the object, gray but for the mask, and the prompt."""
    window = around(box, image.shape)
    part = cut(Image.fromarray(image), window, Image.Resampling.LANCZOS)
    soft = cut(Image.fromarray((mask * 255).astype(np.uint8)), window, Image.Resampling.BILINEAR)
    inside = soft.point(lambda v: 255 if v > 127 else 0)
    dim = Image.blend(part.convert("L").convert("RGB"), Image.new("RGB", CELL, DIM), 0.5)
    part = Image.composite(part, dim, inside)
    edge = np.asarray(inside.filter(ImageFilter.MaxFilter(3))) > np.asarray(inside.filter(ImageFilter.MinFilter(3)))
    part.paste(MASK, (0, 0), Image.fromarray((edge * 255).astype(np.uint8)))
    draw = ImageDraw.Draw(part)
    scale = CELL[0] / (window[2] - window[0])

    def at(x, y):
        return (x + .5 - window[0]) * scale, (y + .5 - window[1]) * scale

    if point:
        x, y = at(*point)
        draw.ellipse((x - 7, y - 7, x + 7, y + 7), PROMPT, INK, 2)
    else:
        draw.rectangle((*at(box[0] - 1, box[1] - 1), *at(box[2], box[3])), outline=PROMPT, width=2)
    return part


def around(box, shape):
    """A window (x0, y0, x1, y1) of the cell's proportions around a box. It leaves the picture only where a large object
    needs that."""
    ratio = CELL[0] / CELL[1]
    sides = np.array([box[2] - box[0], box[3] - box[1]])
    needed, wanted = (max(factor * sides[0], factor * sides[1] * ratio) for factor in (1.06, CONTEXT))
    width = 4 * int(max(needed, min(max(wanted, 72), shape[1], shape[0] * ratio)) / 4)
    height = int(width / ratio)
    x = kept((box[0] + box[2] - width) / 2, width, shape[1])
    y = kept((box[1] + box[3] - height) / 2, height, shape[0])
    return x, y, x + width, y + height


def kept(start, length, limit):
    """The start of a stretch that stays within 0..limit, or that is centred on it where it is longer."""
    return (limit - length) // 2 if length > limit else int(np.clip(start, 0, limit - length))


def cut(image, window, method):
    """That part of a picture at the cell's size; black beside the picture."""
    return image.crop(window).resize(CELL, method)


def fitted(draw, text, size):
    """The text, cut where it would leave the cell."""
    if draw.textlength(text, font(size)) <= CELL[0]:
        return text
    while draw.textlength(text + "...", font(size)) > CELL[0]:
        text = text[:-1]
    return text + "..."


def font(size):
    return ImageFont.load_default(size)
