"""How people lay out their images on disk; one file a layout, each giving `LabelledFile`s."""
