-- A version that somebody was asked is marked as used: it cannot be changed any more.
select distinct v.id
from private.attempt_questions a join public.question_versions v on v.id = a.question_version_id
where v.used_at is null
