"""A contact sheet of what the model finds by itself in pictures: masks in colour, captions on them."""
import numpy as np
from PIL import Image, ImageDraw

from .config import REPO_DIR, SHARED_DATA
from .metrics import iou
from .predict import Picture
from .prompts import bounding_box

GRID = (10, 8)            # clicks across and down
SURE, SAME = 0.75, 0.6    # predicted IoU worth showing; overlap that makes two masks one


def find(picture):
    """Masks from a grid of clicks, the surest first, without repetitions or most of the picture."""
    height, width = picture.shape
    xs, ys = np.meshgrid((np.arange(GRID[0]) + 0.5) * width / GRID[0], (np.arange(GRID[1]) + 0.5) * height / GRID[1])
    masks, _, sure = picture.masks(picture.points(np.stack([xs.ravel(), ys.ravel()], -1)[:, None]))
    kept = []
    for i in np.argsort(-sure):
        share = masks[i].mean()
        if sure[i] > SURE and 0.001 < share < 0.25 and all(iou(masks[i], masks[j]) < SAME for j in kept):
            kept.append(i)
    return [masks[i] for i in kept]


def drawn(bundle, image):
    """The picture with its masks and captions."""
    picture = Picture(bundle, image)
    masks = find(picture)
    canvas = image.astype(np.float32)
    for i, mask in enumerate(masks):
        colour = np.array([(i * 97) % 256, (i * 57 + 120) % 256, (i * 151 + 60) % 256])
        canvas[mask] = canvas[mask] * 0.55 + colour * 0.45
    out = Image.fromarray(canvas.astype(np.uint8))
    draw = ImageDraw.Draw(out)
    if masks:
        captions = picture.captions(picture.boxes([bounding_box(mask) for mask in masks]))
        for mask, caption in zip(masks, captions):
            ys, xs = np.nonzero(mask)
            draw.text((xs.mean() - 3 * len(caption), ys.mean() - 5), caption, fill=(255, 255, 0))
    return out


def draw_sheet(bundle, path):
    """The samples and, where the data is, the real tabletops."""
    files = [REPO_DIR / "samples" / "tabletop.jpg", REPO_DIR / "samples" / "clip" / "000.jpg",
             *sorted((SHARED_DATA / "tabletop_rgbd").glob("*_rgb.png"))]
    images = [np.asarray(Image.open(file).convert("RGB")) for file in files if file.exists()]
    sheet = Image.new("RGB", (1280, 480 * ((len(images) + 1) // 2)))
    for i, image in enumerate(images):
        sheet.paste(drawn(bundle, image).resize((640, 480)), (i % 2 * 640, i // 2 * 480))
    sheet.save(path)
    print(f"wrote {path}")
