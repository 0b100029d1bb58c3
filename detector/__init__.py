"""The detector room: from an image's bytes to a score. Used by training and workers alike."""
