"""What the generator says of a scene is true of the picture, and the same whenever it is asked."""
import numpy as np
import pytest
import torch

from segcap_train.generate import sample
from segcap_train.pool import Pool, PoolError, Recipe, claim, write_shard
from segcap_train.scenes import heldout, render, tiles
from segcap_train.scenes.camera import look_at
from segcap_train.scenes.catalogue import BUILDERS, build
from segcap_train.scenes.clip import clip_samples
from segcap_train.scenes.compose import compose, table_scene
from segcap_train.scenes.meshpack import held_out_meshes
from segcap_train.scenes.parts import PARTS
from segcap_train.scenes.sample import STUFF, scene_sample
from segcap_train.scenes.truth import intrinsics
from segcap_train.vocabulary import nouns

WIDTH, HEIGHT = 160, 120


@pytest.fixture(scope="module")
def seen():
    """A scene with several things that can be seen."""
    return next(s for s in (scene_sample(np.random.default_rng(i), WIDTH, HEIGHT) for i in range(20))
                if sum(o["pixels"] > 100 for o in s.objects.values()) > 2)


def in_camera(one, y, x):
    """Points (n,3) in the camera's frame that depth puts at pixels."""
    lens, z = one.camera, one.depth[y, x] / 1000.0
    return np.stack([(x - lens["cx"]) / lens["fx"] * z, (y - lens["cy"]) / lens["fy"] * z, z], 1)


def test_depth_and_geometry_agree(seen):
    for number, known in seen.objects.items():
        y, x = np.nonzero(seen.ids == number)
        assert known["pixels"] == len(y)
        if not len(y):
            continue
        assert known["box"] == [x.min(), y.min(), np.ptp(x) + 1, np.ptp(y) + 1]
        points = in_camera(seen, y, x)
        low = np.array(known["position"]) - np.array(known["extent"]) / 2
        high = low + known["extent"]
        pixel = 1.5 * points[:, 2].max() / seen.camera["fx"] + .002      # metres that a pixel covers, and rounding
        assert (points > low - pixel).all() and (points < high + pixel).all()
        assert np.abs(np.median(points, 0) - known["surface_position"]).max() < .002


def test_parts_lie_on_things_and_have_names(seen):
    on_things = (seen.ids > 0) & (seen.ids < STUFF)
    assert ((seen.parts > 0) == on_things).all()
    assert seen.parts.max() < len(PARTS)


def test_a_mug_has_a_handle_and_a_drill_a_trigger():
    for noun, part in (("mug", "handle"), ("drill", "trigger"), ("chair", "seat"), ("potted plant", "leaf")):
        assert PARTS.index(part) in build(noun, np.random.default_rng(0)).mesh.part


def test_every_builder_makes_a_thing_that_stands_and_has_a_noun():
    for noun in BUILDERS:
        thing = build(noun, np.random.default_rng(3))
        low, high = thing.mesh.bounds()
        assert abs(low[2]) < .006 and (high > low).all(), noun
        assert len(thing.materials) > thing.mesh.material.max(), noun
        assert np.isfinite(thing.mesh.normals).all() and thing.made_of, noun
        assert noun in nouns()


@pytest.mark.parametrize("split", ["train", "unseen"])
def test_a_seed_gives_one_sample_in_whatever_order(split):
    first = [sample(5, split, i) for i in (0, 1)]
    again = [sample(5, split, i) for i in (1, 0)][::-1]
    for a, b in zip(first, again):
        assert (a.image == b.image).all() and (a.ids == b.ids).all()
        assert a.words == b.words and a.objects == b.objects


def test_the_unseen_split_shares_no_texture_and_no_mesh_with_training():
    names = [f"Wood_{i:03d}" for i in range(1000)]
    assert 70 < sum(map(heldout.unseen_name, names)) < 130
    assert heldout.unseen_name("WoodFloor_018") == heldout.unseen_name("WoodFloor_018")
    assert heldout.shows_one_of("gso_bowl_03", {"gso_bowl"}) and not heldout.shows_one_of("gso_bowl", {"gso"})
    if not tiles.available():
        pytest.skip("needs ../shared/data/training")
    assert tiles.tiles_like("", unseen=True) and held_out_meshes()
    assert not {*tiles.tiles_like("", unseen=True)} & {*tiles.tiles_like("")}


def test_scenes_hold_up_to_twenty_things():
    counts = [len(table_scene(np.random.default_rng(i), 64, 48, False)[0]) for i in range(16)]
    assert 1 <= min(counts) <= 3 and 15 <= max(counts) <= 21      # one may stand on another


def test_things_keep_their_ids_in_a_clip():
    frames = list(clip_samples(np.random.default_rng(4), WIDTH, HEIGHT, 3))
    nouns_seen = [{n: o["noun"] for n, o in f.objects.items()} for f in frames]
    assert nouns_seen[0] and nouns_seen[0] == nouns_seen[1] == nouns_seen[2]
    world = []
    for f in frames:
        rotation, position = np.array(f.camera["rotation"]), np.array(f.camera["position"])
        visible = [o for o in f.objects.values() if o["pixels"] > 60]
        world.append({o["noun"]: rotation.T @ o["position"] + position for o in visible})
    assert not np.allclose(frames[0].camera["position"], frames[2].camera["position"])
    for noun in world[0].keys() & world[2].keys():
        assert np.linalg.norm(world[0][noun] - world[2][noun]) < .15      # boxes turn with the camera's axes


def test_the_renderer_makes_no_tensor_without_a_device(monkeypatch):
    """With another default device, a tensor that names none would land there and not mix with the rest."""
    scene = compose(np.random.default_rng(2), 64, 48)
    plain = render.render(scene.camera, scene.placed, scene.slabs, scene.light)

    def forbidden(_):
        raise AssertionError("from_numpy is on the CPU whatever the device")

    monkeypatch.setattr(torch, "from_numpy", forbidden)
    with torch.device("meta"):
        again = render.render(scene.camera, scene.placed, scene.slabs, scene.light, torch.device("cpu"))
    assert torch.equal(plain.colour, again.colour) and torch.equal(plain.parts, again.parts)


def test_the_camera_projects_as_its_intrinsics_say():
    camera, point = look_at((.4, -.6, .5), (0, 0, 0), 3, 55, 80, 60), np.array([.05, .02, .1])
    lens = intrinsics(camera, 40, 30)
    x, y, z = camera.rotation @ (point - camera.position)
    u, v, depth = camera.project(point[None])[0]
    # The renderer counts pixels from their corner, CameraInfo from their centre; the picture is half as large.
    assert u / 2 - .5 == pytest.approx(x / z * lens["fx"] + lens["cx"])
    assert v / 2 - .5 == pytest.approx(y / z * lens["fy"] + lens["cy"])
    assert depth == pytest.approx(z)


def test_a_pool_gives_back_all_labels_and_takes_one_recipe_only(tmp_path, seen):
    claim(tmp_path, Recipe(1, False, "all"))
    write_shard(tmp_path, "seen_00000", [seen], "all")
    pool = Pool(tmp_path, "seen")
    image, ids, _ = pool[0]
    depth, parts, camera, objects = pool.truth(0)
    assert (image == seen.image).all() and (ids == seen.ids).all()
    assert (depth == seen.depth).all() and (parts == seen.parts).all()
    assert objects == seen.objects
    assert camera["fx"] == seen.camera["fx"]
    claim(tmp_path, Recipe(1, False, "all"))
    with pytest.raises(PoolError, match="choose another folder"):
        claim(tmp_path, Recipe(2, False, "all"))
    (tmp_path / "pool.json").unlink()
    with pytest.raises(PoolError, match="'generator': 1"):
        claim(tmp_path, Recipe(1, False, "all"))
