"""What an assignment still lacks before learners can be given it, in words."""

from __future__ import annotations

from datetime import UTC, datetime

from collegium.features.assignments.model import Assignment, Check


def checks(one: Assignment, groups: int = 0, without_group: int = 0, now: datetime | None = None) -> list[Check]:
    """What keeps an assignment from being published, and what to think of. An empty list: everything is in order."""
    now = now or datetime.now(UTC)
    found: list[Check] = []
    if not one.instructions_html and not one.description.strip():
        found.append(Check("It does not say yet what is to be done. Write instructions."))
    if one.due_date is not None and one.due_date <= now and one.status == "draft":
        late = "everything that is handed in is late" if one.late_submission_allowed else "nobody can hand in"
        found.append(Check(f"Its deadline is past, so {late}. Give a later one.", not one.late_submission_allowed))
    if one.due_date is None:
        found.append(Check("It has no deadline, so nothing is ever late.", False))
    if not one.rubric:
        found.append(Check("It has no rubric: learners do not see beforehand what their work is looked at for.", False))
    if one.group_mode and not groups:
        found.append(
            Check("It is done in groups, and there are none yet. Who is in no group cannot hand in.", tab="/groups")
        )
    elif one.group_mode and without_group:
        who = "1 learner is" if without_group == 1 else f"{without_group} learners are"
        found.append(Check(f"{who} in no group and cannot hand in.", False, "/groups"))
    if one.lesson_id is not None and one.lesson_criteria != "assignment_passed":
        found.append(Check("Passing it does not complete its lesson: the lesson’s settings say otherwise.", False))
    if one.passing_percentage == 0:
        found.append(Check("Any grade passes, also 0 %.", False))
    return sorted(found, key=lambda check: not check.blocking)
