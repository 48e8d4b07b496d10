"""What a SCORM package says of itself: its manifest, read without anything but the bytes that are given."""
