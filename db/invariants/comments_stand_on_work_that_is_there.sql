-- A comment on a page is on a file that was handed in, in the course of its work, and nobody's on his own work.
select a.id, a.submission_id, a.file_number
from public.submission_annotations a join public.assignment_submissions s on s.id = a.submission_id
where a.file_number > jsonb_array_length(s.file_attachments) or a.author_id = s.member_id or a.course_id <> s.course_id
