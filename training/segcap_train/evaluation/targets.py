"""What the model should reach, by set and figure; shares of 1, and milliseconds on two CPU threads."""
FIGURES = {
    ("generated", "box_iou"): 0.78, ("generated", "noun"): 0.52,
    ("photos", "box_iou"): 0.60, ("photos", "noun"): 0.35,
    ("coco", "box_iou"): 0.70, ("coco", "click_1_iou"): 0.50, ("coco", "noun_accepted"): 0.70,
    ("coco", "committed"): 0.70, ("coco", "committed_right"): 0.75,
    ("tabletop", "box_iou"): 0.85, ("tabletop", "click_1_iou"): 0.70, ("tabletop", "noun_accepted"): 0.50,
    ("tabletop", "colour"): 0.80,
}
MILLISECONDS = {"encode_and_masks_1": 250, "captions_1": 60, "captions_16": 300}
