-- No SCORM commit is stored beyond the number that its registration counts.
select e.id, e.commit_seq, s.seq
from public.scorm_enrollments e
join (select t.scorm_enrollment_id as id, max(t.commit_seq) as seq from public.scorm_tracking t group by 1) s on s.id = e.id
where s.seq > e.commit_seq
