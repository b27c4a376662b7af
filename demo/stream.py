"""Follows what a node publishes, frame by frame: regions, their words, pictures, and how old they were."""

from collections import OrderedDict
from dataclasses import dataclass, field

from client import stamp_key, words_are_in
from sensor_msgs.msg import CameraInfo, Image

# An overlay without the words may still be on its way when they come; the one with them is there after this.
OVERLAY_SETTLES_NS = 1_000_000_000
# Frames remembered; a clip of minutes must not fill the memory.
KEPT_FRAMES = 200


@dataclass
class FrameAnswers:
    """Everything that came with one stamp."""

    masks: object = None  # Arrival of the first RegionArray
    words: object = None  # Arrival of the first one with every caption
    regions: object = None  # the newest RegionArray
    overlay: object = None  # Arrivals of the newest pictures
    label_map: object = None

    def is_complete(self, now_ns):
        """Whether the words, the label map, and the overlay that shows the words have come."""
        if not (self.words and self.label_map and self.overlay):
            return False
        settled = now_ns - self.words.received_ns > OVERLAY_SETTLES_NS
        return self.words is self.masks or (settled and self.overlay.received_ns > self.words.received_ns)


@dataclass
class Stream:
    """The answers of a node, by stamp. Listens to the heavy pictures only after `want_pictures`."""

    client: object
    frames: OrderedDict = field(default_factory=OrderedDict)
    stamps: set = field(default_factory=set)
    mask_ages_ms: list = field(default_factory=list)
    word_ages_ms: list = field(default_factory=list)
    pictures: list = field(default_factory=list)

    def __post_init__(self):
        # One camera_info a frame: counts frames without receiving them.
        self.client.listen(CameraInfo, "/camera_info", self._take_info)
        self.client.take_regions(self._take_regions)

    def want_pictures(self):
        target = self.client.target
        self.pictures = [
            self.client.listen(Image, f"{target}/overlay", lambda arrival: self._take_picture("overlay", arrival)),
            self.client.listen(Image, f"{target}/label_map", lambda arrival: self._take_picture("label_map", arrival)),
        ]

    def ignore_pictures(self):
        """The node stops drawing when nobody listens."""
        for subscription in self.pictures:
            self.client.node.destroy_subscription(subscription)
        self.pictures = []

    def start_counting(self):
        """Begins a new measurement."""
        self.stamps.clear()
        self.mask_ages_ms.clear()
        self.word_ages_ms.clear()

    def first(self, condition):
        """The first remembered frame for which `condition` holds, or None."""
        return next((frame for frame in self.frames.values() if condition(frame)), None)

    def _frame(self, message):
        frame = self.frames.setdefault(stamp_key(message.header.stamp), FrameAnswers())
        while len(self.frames) > KEPT_FRAMES:
            self.frames.popitem(last=False)
        return frame

    @property
    def frames_in(self):
        """Frames since counting began. One that was sent before and is answered since counts, too."""
        return len(self.stamps)

    def _take_info(self, arrival):
        self.stamps.add(stamp_key(arrival.message.header.stamp))

    def _take_regions(self, arrival):
        frame = self._frame(arrival.message)
        frame.regions = arrival.message
        if frame.masks is None:
            frame.masks = arrival
            self.stamps.add(stamp_key(arrival.message.header.stamp))
            self.mask_ages_ms.append(arrival.age_ms)
        if frame.words is None and words_are_in(arrival.message):
            frame.words = arrival
            self.word_ages_ms.append(arrival.age_ms)

    def _take_picture(self, name, arrival):
        setattr(self._frame(arrival.message), name, arrival)
