"""The network's promises to the runtime."""
import pytest
import torch

from segcap_train.config import ModelConfig
from segcap_train.model import windows
from segcap_train.model.kinds import GENERIC, kinds, plain
from segcap_train.model.masker import NOWHERE
from segcap_train.model.namer import classified, detected_names, names
from segcap_train.model.network import Network
from segcap_train.model.speaker import NAME_ROWS, ROWS
from segcap_train.tokenizer import tokenizer


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return Network(ModelConfig(lm_layers=2)).eval()


@torch.no_grad()
def features(network, size=128):
    pixels = torch.randn(1, 3, size, size)
    embeddings, fine, *neck, scores, boxes = network.encode(pixels)
    return pixels, embeddings, fine, neck, scores, boxes


def test_every_name_that_is_mapped_is_a_name_of_ours():
    assert set(detected_names()) <= set(names()) and set(classified().values()) <= set(names())
    assert {noun for nouns in kinds().values() for noun in nouns} <= set(names())
    assert plain() <= {*names(), *kinds(), GENERIC}
    assert len(detected_names()) == 80 and max(classified()) < 1000


def test_every_name_fits_its_rows():
    for name in (*names(), *kinds(), GENERIC):
        assert len(tokenizer().encode(" " + name).ids) <= NAME_ROWS, name


@torch.no_grad()
def test_shapes_at_two_sizes(network):
    for size in (128, 192):
        pixels, embeddings, fine, neck, scores, boxes = features(network, size)
        assert embeddings.shape[2:] == (size // 8, size // 8) and fine.shape[2:] == (size // 4, size // 4)
        cells = sum((size // stride) ** 2 for stride in (8, 16, 32))
        assert scores.shape == (1, cells, 80) and boxes.shape == (1, cells, 4)
        masks, iou = network.masks(embeddings, fine, pixels, torch.rand(5, 2, 2) * size, torch.tensor([[2.0, 3.0]] * 5))
        assert masks.shape == (5, 3, size // 2, size // 2) and iou.shape == (5, 3)
        assert 0 <= iou.min() and iou.max() <= 1
        region = torch.tensor([[10.0, 10.0, 60.0, 50.0]])
        rows, chances, score = network.caption_prefix(embeddings, fine, pixels, neck, scores, boxes, region)
        assert rows.shape == (1, ROWS, network.cfg.lm_width) and chances.shape == (1, len(names()))
        assert 0 <= chances.min() and chances.sum() <= 1 + 1e-4 and 0 <= score.min() and score.max() <= 1


@torch.no_grad()
def test_prompts_do_not_see_each_other_and_padding_says_nothing(network):
    pixels, embeddings, fine, *_ = features(network)
    coords, labels = torch.rand(4, 1, 2) * 128, torch.ones(4, 1)
    together, _ = network.masks(embeddings, fine, pixels, coords, labels)
    alone, _ = network.masks(embeddings, fine, pixels, coords[2:3], labels[2:3])
    assert torch.allclose(together[2:3], alone, atol=1e-3)
    padded = torch.cat([coords, torch.zeros(4, 1, 2)], 1), torch.cat([labels, -torch.ones(4, 1)], 1)
    assert torch.allclose(network.masks(embeddings, fine, pixels, *padded)[0], together, atol=1e-3)


@torch.no_grad()
def test_a_box_paints_around_itself_only(network):
    pixels, embeddings, fine, *_ = features(network)
    masks, _ = network.masks(embeddings, fine, pixels, torch.tensor([[[20.0, 20.0], [60.0, 50.0]]]), torch.tensor([[2.0, 3.0]]))
    assert (masks[..., 40:, :] == NOWHERE).all() and (masks[..., 12:24, 12:28] != NOWHERE).all()


@torch.no_grad()
def test_what_is_looked_at_can_be_put_back():
    picture = torch.rand(1, 1, 64, 64)
    window = torch.tensor([[0.25, 0.25, 0.75, 0.75]])
    seen = windows.look(picture, window, 32)
    assert torch.allclose(seen[0, 0], picture[0, 0, 16:48, 16:48], atol=1e-5)
    back = windows.put_back(seen, window, 64, 64, -1.0)
    assert torch.allclose(back[0, 0, 16:48, 16:48], picture[0, 0, 16:48, 16:48], atol=1e-5)
    assert (back[0, 0, :16] == -1).all()


def test_a_window_holds_what_it_is_around():
    share = torch.zeros(1, 100, 100)
    share[0, 30:50, 20:80] = 1
    box = windows.around(share)[0]
    assert box[0] < 0.2 and box[2] > 0.8 and box[1] < 0.3 and box[3] > 0.5
    assert box[0] > 0.1 and box[3] < 0.56


def test_a_name_a_kind_or_neither_is_said_by_how_sure_it_is(network):
    chances = torch.zeros(4, len(names()))
    chances[0, names().index("mug")] = 0.9
    chances[1, names().index("mug")], chances[1, names().index("cup")] = 0.3, 0.28      # a cup is taken for a mug
    chances[2, [names().index(noun) for noun in ("jar", "vase", "bucket")]] = 0.22      # containers all
    chances[3, [names().index(noun) for noun in ("dog", "car", "spoon")]] = 0.2
    said, score = network.decide(chances)
    sayable = [*names(), *kinds(), GENERIC]
    assert [sayable[i] for i in said.tolist()] == ["mug", "mug", "container", GENERIC]
    assert score[0] == pytest.approx(0.9) and score[1] == pytest.approx(0.58) and score[2] == pytest.approx(0.66)


@torch.no_grad()
def test_a_cached_step_equals_the_whole_sequence(network):
    language = network.speaker.language
    prefix, ids = torch.randn(3, 10, network.cfg.lm_width), torch.randint(1, 900, (3, 4))
    whole, _ = language(prefix, ids)
    logits, past = language(prefix)
    for i in range(4):
        assert torch.allclose(logits[:, -1] if logits.ndim == 3 else logits, whole[:, 9 + i], atol=1e-4)
        logits, past = language.step(ids[:, i:i + 1], past)
    assert torch.allclose(logits, whole[:, -1], atol=1e-4)
