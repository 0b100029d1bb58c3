"""How people lay out faces on disk: one file a layout, each turning a folder into a `Listing`."""
