"""What stands out in a video: played again, skipped, left. Pure rules on its buckets."""

from __future__ import annotations

from collections.abc import Callable

from collegium.features.insight.model import Bucket, Stretch, Watching

# A stretch stands out when each viewer played it half again as often as usual in this video, …
AGAIN = 1.5
# … when a fifth of the viewers jumped over it, and where a tenth of those who stopped before the end did so.
SKIPPED = 0.2
STOPPED = 0.1
MOST = 5


def rewatched(of: Watching) -> list[Stretch]:
    """Stretches that those who saw them played again; the figure is how often each of them did on average."""
    buckets = of.buckets
    usual = _median([bucket.each for bucket in buckets if bucket.viewers]) or 1.0
    # Of a stretch that one or two have seen, their habit would be told.
    found = _runs(buckets, lambda b: b.viewers >= of.people * 0.1 and b.each >= AGAIN * max(1.0, usual))
    runs = [
        Stretch(run[0].start, run[-1].end, sum(b.plays for b in run) / max(1e-9, sum(b.viewers for b in run)))
        for run in found
    ]
    return _best(runs)


def skipped(of: Watching) -> list[Stretch]:
    """Stretches that viewers jumped over; the figure is how often that happened for each hundred viewers."""
    found = _runs(of.buckets, lambda b: b.skips >= of.people * SKIPPED)
    return _best([Stretch(r[0].start, r[-1].end, 100 * max(b.skips for b in r) / of.people) for r in found])


def left(of: Watching) -> list[Stretch]:
    """Where people stand who stopped before the end; the figure is how many of them.

    The last twentieth of a video belongs to its end: credits are no reason to worry.
    """
    buckets = [bucket for bucket in of.buckets if bucket.end <= of.duration * 0.95]
    stopped = sum(bucket.stops for bucket in buckets)
    if not stopped:
        return []
    found = _runs(buckets, lambda b: b.stops > 0 and b.stops >= stopped * STOPPED)
    return _best([Stretch(run[0].start, run[-1].end, sum(b.stops for b in run)) for run in found])


def stopped_early(of: Watching) -> int:
    """How many viewers stand before the last twentieth of the video."""
    return sum(bucket.stops for bucket in of.buckets if bucket.end <= of.duration * 0.95)


def _runs(buckets: list[Bucket], stands_out: Callable[[Bucket], bool]) -> list[list[Bucket]]:
    runs: list[list[Bucket]] = []
    for before, bucket in zip([None, *buckets], buckets, strict=False):
        if not stands_out(bucket):
            continue
        if runs and before is not None and runs[-1][-1].end == before.end == bucket.start:
            runs[-1].append(bucket)
        else:
            runs.append([bucket])
    return runs


def _best(found: list[Stretch]) -> list[Stretch]:
    """The strongest few, in the order of the video."""
    strongest = sorted(found, key=lambda stretch: -stretch.figure)[:MOST]
    return sorted(strongest, key=lambda stretch: stretch.start)


def _median(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else 0.0
