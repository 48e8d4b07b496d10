"""What measures speed: each figure is a ratio to a calibration that was run on the same server in the same minute."""
