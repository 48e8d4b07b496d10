"""An ffmpeg that runs and comes no further is ended, begun once more, and then told of."""

from __future__ import annotations

from pathlib import Path

import pytest

from collegium.features.media import ffmpeg, transcode
from collegium.features.media.ffmpeg import TranscodeFailed, find_ffmpeg
from collegium.features.media.transcode import transcode_hls


async def test_what_stands_still_is_begun_once_more_and_then_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = tmp_path / "clip.mp4"
    drawn = ["-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=2", "-c:v", "libx264", "-preset", "ultrafast"]
    await ffmpeg.run([*drawn, "clip.mp4"], folder=tmp_path, time_limit=60)
    stuck = tmp_path / "ffmpeg"
    begun = tmp_path / "begun"
    stuck.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *-progress*hls*) echo x >> {begun}; while :; do echo out_time_us=80000; sleep 0.1; done;; esac\n'
        f'exec {find_ffmpeg()} "$@"\n'
    )
    stuck.chmod(0o755)
    monkeypatch.setattr(transcode, "STILL_SECONDS", 0.5)
    with pytest.raises(TranscodeFailed, match=r"came no further for 0\.5 seconds\. The file itself is kept"):
        await transcode_hls(clip, tmp_path / "out", ffmpeg=stuck)
    assert begun.read_text() == "x\nx\n"
    assert not (tmp_path / "out").exists()
