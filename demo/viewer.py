"""What a viewer such as RViz has of a node and its camera: the markers, and the newest picture with its depth."""

from client import stamp_key
from clip import depth_array
from pictures import rgb_array
from sensor_msgs.msg import CameraInfo, Image
from visualization_msgs.msg import Marker, MarkerArray


class Viewer:
    """Listens from now on until `close`."""

    def __init__(self, client):
        self.client = client
        self.shown = {}  # (namespace, id): marker
        self.picture = self.depth = self.info = None
        takes = {
            f"{client.target}/markers": (MarkerArray, self._take_markers),
            "/image": (Image, lambda arrival: setattr(self, "picture", arrival.message)),
            "/depth": (Image, lambda arrival: setattr(self, "depth", arrival.message)),
            "/camera_info": (CameraInfo, lambda arrival: setattr(self, "info", arrival.message)),
        }
        self.subscriptions = [client.listen(kind, topic, take, depth=2) for topic, (kind, take) in takes.items()]

    def close(self):
        for subscription in self.subscriptions:
            self.client.node.destroy_subscription(subscription)

    def stamp(self):
        """That of the newest marker, as a key; 0 without markers."""
        return max((stamp_key(marker.header.stamp) for marker in self.shown.values()), default=0)

    def says(self, captions):
        """Whether each of these captions stands in a marker's text, and picture, depth and calibration have come."""
        texts = [marker.text for marker in self.shown.values()]
        has_all = all(any(text.startswith(caption) for text in texts) for caption in captions)
        return bool(captions) and has_all and None not in (self.picture, self.depth, self.info)

    def scene(self):
        """(rgb, millimetres, CameraInfo, [marker])."""
        return rgb_array(self.picture), depth_array(self.depth), self.info, list(self.shown.values())

    def _take_markers(self, arrival):
        for marker in arrival.message.markers:
            if marker.action == Marker.DELETEALL:
                self.shown.clear()
            elif marker.action == Marker.DELETE:
                self.shown.pop((marker.ns, marker.id), None)
            else:
                self.shown[marker.ns, marker.id] = marker
