"""How videos are watched, folded as it happens, equals the same computed from every heartbeat and seek."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.access.stage import Stage, key
from tests.db.test_coverage import Beat, send

DURATION, BUCKET = 100, 5
FOLD = "select private.fold_watching({})"


def curve(stage: Stage, video: str = "welcome_video") -> tuple[int, ...] | None:
    """viewers and the four rows of figures, flat."""
    rows = stage.owner(
        "select viewers, played, seen, stops, skipped from public.video_watching where video_id = %(v)s", v=key(video)
    )
    if not rows:
        return None
    viewers, *figures = rows[0]
    return (viewers, *(int(figure) for row in figures for figure in row))


def opened(stage: Stage, who: str, video: str = "welcome_video") -> UUID:
    """A playback that has been open for long enough for anything."""
    found = stage.act(who, f"select public.open_playback(%({video})s) ->> 'playback_id'").rows[0][0]
    stage.owner(
        "update public.video_analytics set playback_opened_at = now() - interval '11 hours' where playback_id = %(p)s",
        p=found,
    )
    return UUID(found)


@dataclass
class Model:
    """The same, from every event anew."""

    played: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    seen: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    skipped: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    stands: dict[str, int] = field(default_factory=dict)

    def beat(self, who: str, seconds: set[int], position: int) -> None:
        for second in seconds:
            self.played[second] += 1
        self.seen[who] |= seconds
        if self.seen[who]:
            self.stands[who] = min(position, DURATION)

    def seek(self, who: str, start: int, end: int) -> None:
        if end - start >= 3:
            for second in set(range(start, end)) - self.seen[who]:
                self.skipped[second] += 1

    def curve(self) -> tuple[int, ...]:
        def buckets(seconds: dict[int, int]) -> list[int]:
            return [sum(seconds.get(s, 0) for s in range(b, b + BUCKET)) for b in range(0, DURATION, BUCKET)]

        seen: dict[int, int] = defaultdict(int)
        for seconds in self.seen.values():
            for second in seconds:
                seen[second] += 1
        stops: dict[int, int] = defaultdict(int)
        for at in self.stands.values():
            stops[min(at, DURATION - 1)] += 1
        viewers = sum(1 for seconds in self.seen.values() if seconds)
        return (viewers, *buckets(self.played), *buckets(seen), *buckets(stops), *buckets(self.skipped))


ranges = st.lists(st.tuples(st.integers(0, DURATION - 1), st.integers(1, 30)), max_size=3)
beats = st.tuples(
    st.just("beat"), st.sampled_from(["owner", "learner"]), ranges, st.integers(0, DURATION + 20), st.booleans()
)
seeks = st.tuples(
    st.just("seek"),
    st.sampled_from(["owner", "learner"]),
    st.integers(0, DURATION),
    st.integers(0, DURATION),
    st.booleans(),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(beats, seeks), max_size=14))
def test_the_folded_curve_equals_one_computed_from_all_events(
    stage: Stage, events: list[tuple[str, str, object, int, bool]]
) -> None:
    with stage.undone():
        stage.owner(CLEAR)
        playback = {who: opened(stage, who) for who in ("owner", "learner")}
        seq = {"owner": 0, "learner": 0}
        model = Model()
        for kind, who, what, at, fold in events:
            if kind == "beat":
                assert isinstance(what, list)
                spans = [(start, min(start + length, DURATION)) for start, length in what]
                seq[who] += 1
                text = "{" + ",".join(f"[{start},{end})" for start, end in spans) + "}"
                (answer,) = send(stage, Beat(playback[who], seq[who], text, at))
                assert answer.outcome == "counted"
                model.beat(who, {second for start, end in spans for second in range(start, end)}, at)
            else:
                assert isinstance(what, int)
                stage.act(
                    "service_role",
                    "select private.record_video_events(%(p)s::uuid[], '{seek}', %(at)s::numeric[], %(d)s::jsonb[])",
                    p=[playback[who]], at=[at], d=[json.dumps({"from": what, "to": at})],
                )  # fmt: skip
                model.seek(who, what, at)
            if fold:
                stage.act("service_role", FOLD.format(1000))
        stage.act("service_role", FOLD.format(1000))
        assert (curve(stage) or model.curve()) == model.curve()
        assert stage.value("select count(*) from private.watch_moves") == 0


CLEAR = "delete from private.watch_moves; delete from public.video_watching"


def test_folding_some_at_a_time_comes_to_the_same(stage: Stage) -> None:
    stage.owner(CLEAR)
    playback = opened(stage, "owner")
    for seq in range(1, 8):
        send(stage, Beat(playback, seq, f"{{[{seq * 4},{seq * 4 + 9})}}", seq * 4 + 9))
    with stage.undone():
        stage.act("service_role", FOLD.format(1000))
        whole = curve(stage)
    while stage.act("service_role", FOLD.format(2)).rows[0][0]:
        pass
    assert curve(stage) == whole


def test_what_is_not_counted_moves_nothing(stage: Stage) -> None:
    stage.owner("delete from private.watch_moves")
    playback = opened(stage, "owner")
    send(stage, Beat(playback, 1, "{[0,10)}", 10))
    send(stage, Beat(playback, 1, "{[0,10)}", 10))
    send(stage, Beat(playback, 7, "{[20,30)}", 30))
    send(stage, Beat(uuid4(), 1, "{[0,10)}", 10))
    assert stage.value("select count(*) from private.watch_moves") == 1


def test_erasing_an_enrollment_falsifies_nothing(stage: Stage) -> None:
    stage.owner(CLEAR)
    for who in ("owner", "learner"):
        send(stage, Beat(opened(stage, who), 1, "{[0,40)}", 40))
    stage.act("service_role", FOLD.format(1000))
    before = curve(stage)
    stage.owner("delete from public.enrollments where id = %(learner_enrollment)s")
    stage.act("service_role", FOLD.format(1000))
    assert curve(stage) == before
    assert before
    assert before[0] == 2


def test_another_film_begins_another_curve(stage: Stage) -> None:
    stage.owner(CLEAR)
    send(stage, Beat(opened(stage, "owner"), 1, "{[0,40)}", 40))
    stage.act("service_role", FOLD.format(1000))
    assert curve(stage)
    send(stage, Beat(opened(stage, "learner"), 1, "{[0,40)}", 40))
    stage.owner("update public.lesson_videos set poster_key = 'videos/welcome/poster.jpg' where id = %(welcome_video)s")
    assert curve(stage)
    stage.owner("update public.lesson_videos set duration = 50 where id = %(welcome_video)s")
    stage.act("service_role", FOLD.format(1000))
    assert curve(stage) is None


def test_a_long_film_has_no_more_buckets_than_can_be_shown(stage: Stage) -> None:
    stage.owner(CLEAR)
    stage.owner("update public.lesson_videos set duration = 43200 where id = %(welcome_video)s")
    send(stage, Beat(opened(stage, "owner"), 1, "{[0,130)}", 130))
    stage.act("service_role", FOLD.format(1000))
    row = stage.owner(
        "select bucket_seconds, cardinality(seen), seen[1:3] from public.video_watching where video_id = %(welcome_video)s"
    )
    assert row == [(120, 360, [120, 10, 0])]
