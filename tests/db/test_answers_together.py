"""Answers of several people in one statement: each is what its person may, and none hurts another."""

from __future__ import annotations

import asyncio

from collegium.access.stage import Stage
from collegium.kit.groupcommit import GroupCommit
from tests.db.assessing import exam, save, start, submit

TOGETHER = """
select json_agg(json_build_array(s.saved, case when s.code is null then s.seq end, s.answer ->> 'text', s.state, s.code) order by s.n)
from private.save_quiz_answers(
    array[%(owner)s, %(learner)s, %(learner)s, %(owner)s, %(owner)s, %(owner)s, %(owner)s, %(owner)s]::uuid[],
    array_fill(null::uuid, array[8]),
    array[%(mine)s, %(his)s, %(mine)s, %(mine)s, %(mine)s, %(ended)s, %(mine)s, %(left)s]::uuid[],
    array[1, 1, 1, 9, 2, 1, 3, 1],
    array['{"text": "Premium"}', '{"text": "His"}', '{"text": "Forged"}', '{"text": "?"}', '{"selected": "7"}', '{"text": "Late"}',
        '{"text": "Old"}', '{"text": "Over"}']::jsonb[],
    array[2, 1, 9, 1, 1, 9, 1, 1]::bigint[]
) s
"""


def test_each_answer_of_a_batch_is_what_its_person_may(stage: Stage) -> None:
    quiz = exam(stage, "short_answer", "short_answer", "short_answer")
    other, timed = exam(stage, "short_answer"), exam(stage, "short_answer")
    mine, his, ended, left = (
        start(stage, quiz),
        start(stage, quiz, "learner"),
        start(stage, other),
        start(stage, timed),
    )
    save(stage, mine, 3, {"text": "Newer"}, seq=5)
    submit(stage, ended)
    stage.owner(
        "update public.quiz_attempts set started_at = now() - interval '2 hours', deadline_at = now() - interval '1 minute'"
        " where id = %(a)s",
        a=left,
    )
    assert stage.value(TOGETHER, mine=mine, his=his, ended=ended, left=left) == [
        [True, 2, None, None, None],
        [True, 1, None, None, None],
        # The attempt of somebody else is none of his.
        [None, None, None, "CG404", "no_such_attempt"],
        [None, None, None, "CG404", "no_such_question"],
        [None, None, None, "CG422", "no_such_answer"],
        [None, None, None, "CG409", "attempt_ended"],
        # A newer answer stays, and is told.
        [False, 5, "Newer", None, None],
        [None, None, None, "CG409", "time_is_up"],
    ]
    written = stage.value(
        "select json_agg(answer_data ->> 'text' order by answer_data ->> 'text') from public.quiz_answers"
        " where quiz_attempt_id in (%(mine)s, %(his)s, %(ended)s, %(left)s)",
        mine=mine, his=his, ended=ended, left=left,
    )  # fmt: skip
    assert written == ["His", "Newer", "Premium"]


def test_who_is_alone_never_waits_and_a_crowd_gathers() -> None:
    batches: list[list[int]] = []

    async def write(entries: list[int]) -> list[int]:
        batches.append(entries)
        await asyncio.sleep(0)
        return entries

    async def run() -> float:
        group = GroupCommit[int, int](write, lambda entry: entry, largest=10, gather=0.2)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await group.add(1)
        await group.add(2)
        alone = loop.time() - began
        await asyncio.gather(*(group.add(n) for n in range(3, 7)))
        later = asyncio.create_task(group.add(7))
        await asyncio.sleep(0.02)
        await asyncio.gather(group.add(8), later)
        return alone

    assert asyncio.run(run()) < 0.1
    assert batches == [[1], [2], [3, 4, 5, 6], [7, 8]]
