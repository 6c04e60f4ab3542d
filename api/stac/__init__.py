"""STAC API: scenes, masks and evidence of one organisation for programs that read catalogues."""
