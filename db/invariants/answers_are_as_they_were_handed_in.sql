-- The answers of an attempt that was handed in are those that it carries the digest of.
select t.id, t.answers_sha256
from public.quiz_attempts t
where t.answers_sha256 is not null and t.answers_sha256 <> private.answers_digest(t.id)
