"""The network's promises to the runtime."""
import torch

from segcap_train.config import ModelConfig
from segcap_train.helper import NOUNS
from segcap_train.model import Sca
from segcap_train.vocabulary import COLOURS


def small():
    torch.manual_seed(0)
    return Sca(ModelConfig(widths=(16, 32, 64), depths=(1, 1, 1), attention_blocks=1, lm_layers=2)).eval()


def test_there_is_a_tag_for_each_noun_and_colour():
    assert (ModelConfig().nouns, ModelConfig().colours) == (len(NOUNS), len(COLOURS))


@torch.no_grad()
def test_shapes_at_two_sizes():
    sca = small()
    for size in (128, 192):
        embeddings = sca.encode(torch.randn(1, 3, size, size))
        assert embeddings.shape == (1, sca.cfg.embed, size // 8, size // 8)
        masks, iou = sca.masks(embeddings, torch.rand(5, 2, 2) * size, torch.tensor([[2.0, 3.0]] * 5))
        assert masks.shape == (5, sca.cfg.masks, size // 2, size // 2) and iou.shape == (5, sca.cfg.masks)


@torch.no_grad()
def test_prompts_do_not_see_each_other():
    sca = small()
    embeddings = sca.encode(torch.randn(1, 3, 128, 128))
    coords, labels = torch.rand(4, 2, 2) * 128, torch.tensor([[2.0, 3.0]] * 4)
    together, _ = sca.masks(embeddings, coords, labels)
    alone, _ = sca.masks(embeddings, coords[2:3], labels[2:3])
    assert torch.allclose(together[2:3], alone, atol=1e-4)


@torch.no_grad()
def test_a_cached_step_equals_the_whole_sequence():
    sca = small()
    prefix, ids = torch.randn(3, 10, sca.cfg.lm_width), torch.randint(1, 900, (3, 4))
    whole, _ = sca.language(prefix, ids)
    logits, past = sca.language(prefix)
    for i in range(4):
        assert torch.allclose(logits[:, -1] if logits.ndim == 3 else logits, whole[:, 9 + i], atol=1e-4)
        logits, past = sca.language.step(ids[:, i:i + 1], past)
    assert torch.allclose(logits, whole[:, -1], atol=1e-4)
