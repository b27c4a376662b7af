"""The rasteriser against what geometry says."""
import torch

from segcap_train.scenes.raster import perspective, rasterise


def test_a_square_of_two_triangles_is_filled_without_holes():
    points = torch.tensor([[2.0, 2, 1], [10, 2, 1], [10, 8, 1], [2, 8, 1]])
    hit, _ = rasterise(points, torch.tensor([[0, 1, 2], [0, 2, 3]]), 12, 14)
    covered = hit >= 0
    assert covered[2:8, 2:10].all()
    assert covered.sum() == 6 * 8


def test_the_nearer_triangle_wins_whatever_the_order():
    near = torch.tensor([[0.0, 0, 1], [20, 0, 1], [0, 20, 1]])
    far = near * torch.tensor([1.0, 1, 3])
    for first, second, winner in ((near, far, 0), (far, near, 1)):
        hit, _ = rasterise(torch.cat([first, second]), torch.tensor([[0, 1, 2], [3, 4, 5]]), 8, 8)
        assert (hit == winner).all()


def test_triangles_behind_the_camera_or_outside_are_dropped():
    points = torch.tensor([[0.0, 0, -1], [9, 0, 2], [0, 9, 2], [50, 50, 1], [60, 50, 1], [50, 60, 1]])
    hit, _ = rasterise(points, torch.tensor([[0, 1, 2], [3, 4, 5]]), 8, 8)
    assert (hit == -1).all()


def test_weights_are_corrected_for_perspective():
    halfway = perspective(torch.tensor([[0.5, 0.5, 0.0]]), torch.tensor([[1.0, 3.0, 1.0]]))
    assert torch.allclose(halfway, torch.tensor([[0.75, 0.25, 0.0]]))
