"""What the model should reach, by set and figure; shares of 1, and milliseconds on two CPU threads."""
FIGURES = {
    ("generated", "box_iou"): 0.90, ("generated", "click_1_iou"): 0.80,
    ("generated", "noun"): 0.95, ("generated", "colour"): 0.95,
    ("unseen_pairs", "noun"): 0.85, ("unseen_pairs", "colour"): 0.85,
    ("coco", "box_iou"): 0.65, ("coco", "click_1_iou"): 0.45,
    ("tabletop", "noun"): 0.50, ("tabletop", "noun_accepted"): 0.50, ("tabletop", "colour"): 0.80,
}
MILLISECONDS = {"encode_and_masks_1": 250, "captions_1": 60, "captions_16": 300}
