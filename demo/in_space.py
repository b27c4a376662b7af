"""The demo's act in space: what a viewer of ~/markers has, drawn as a picture."""

from functools import partial

from orbit_view import view_of_layout
from session import LAYOUT
from space_picture import OVERSAMPLING, draw_scene
from viewer import Viewer

PICTURE_SIZE = (1000, 640)
# A viewer that the node has not found yet gets no markers: so often it is asked again, seconds.
ASK_EVERY_S = 5.0


def draw_space(session, prompts, path, timeout):
    """Asks for these prompts while a viewer looks, and draws what that has then; returns the number of markers."""
    viewer = Viewer(session.client)

    def has_captions():
        frame = session.stream.frames.get(viewer.stamp())
        placed = [region.caption for region in frame.regions.regions if region.has_position] if frame else []
        return frame and frame.words and viewer.says(placed)

    ask = partial(session.client.send_prompts, prompts)
    try:
        session.wait(has_captions, timeout, "~/markers with captions", ask, ASK_EVERY_S)
    finally:
        viewer.close()
    size = (OVERSAMPLING * pixels for pixels in PICTURE_SIZE)
    draw_scene(view_of_layout(LAYOUT, *size), *viewer.scene()).save(path)
    return len(viewer.shown)
