"""The training room: from folders of images to a published model version. See docs/training.md."""
