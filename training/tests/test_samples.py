"""The committed samples are what the generator makes, and their truth fits their pictures."""
import json

import numpy as np
import yaml
from PIL import Image

from segcap_train.config import REPO_DIR
from segcap_train.samples import CLIP, FRAMES, STILL, still

SAMPLES = REPO_DIR / "samples"


def test_the_still_is_what_the_generator_makes():
    scene, made = still(np.random.default_rng(11))
    with Image.open(SAMPLES / "tabletop.jpg") as image:
        gap = np.abs(np.asarray(image, int) - made.image).mean(-1)
    assert gap.mean() < 3 and (gap > 40).mean() < .001          # noise and JPEG apart
    prompts = yaml.safe_load((SAMPLES / "prompts.yaml").read_text())["tabletop.jpg"]
    assert len(prompts) == len(STILL)
    for number, prompt in enumerate(prompts, 1):
        x, y = prompt["point"]
        assert made.ids[y, x] == number and prompt["name"].endswith(made.words[number]["noun"])


def test_the_clip_knows_where_its_things_are():
    truth = json.loads((SAMPLES / "clip" / "truth.json").read_text())
    lens, frames = truth["camera"], truth["frames"]
    prompts = yaml.safe_load((SAMPLES / "prompts.yaml").read_text())["clip/000.jpg"]
    assert len(frames) == FRAMES
    for frame in (frames[0], frames[-1]):
        assert [o["noun"] for o in frame["objects"].values()] == [noun for noun, *_ in CLIP]
        assert (SAMPLES / "clip" / frame["image"]).exists()
    with Image.open(SAMPLES / "clip" / frames[0]["depth"]) as image:
        depth = np.asarray(image)
    assert depth.shape == (lens["height"], lens["width"]) and depth.dtype == np.uint16
    for known, prompt in zip(frames[0]["objects"].values(), prompts):
        x, y = prompt["point"]
        z = depth[y, x] / 1000
        point = np.array([(x - lens["cx"]) / lens["fx"] * z, (y - lens["cy"]) / lens["fy"] * z, z])
        assert (np.abs(point - known["position"]) <= np.array(known["extent"]) / 2 + .004).all(), prompt["name"]


def test_things_stand_still_while_the_camera_moves():
    frames = json.loads((SAMPLES / "clip" / "truth.json").read_text())["frames"]
    for number in frames[0]["objects"]:
        places = [np.array(f["pose"]["rotation"]).T @ f["objects"][number]["position"] + f["pose"]["position"]
                  for f in frames]
        assert np.ptp(places, axis=0).max() < .07          # the boxes' axes turn with the camera
