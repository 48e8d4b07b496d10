-- name: add_mail as service_role
-- Puts a message into the outbox.
insert into public.mail_outbox (recipient, user_id, kind, subject, text_body, html_body)
values ($1, $2, $3, $4, $5, $6)
returning id;

-- name: take_mail as service_role
-- A message that is still to be sent, held against a second sender; nothing while another one has it.
select id, recipient::text as recipient, kind, subject, text_body, html_body, created_at, attempts
from public.mail_outbox
where id = $1 and sent_at is null and failed_at is null and text_body is not null
for update skip locked;

-- name: mark_mail_sent as service_role
-- The mail server has taken the message: its links are no longer ours to keep.
update public.mail_outbox
set sent_at = now(), attempts = attempts + 1, last_error = null, text_body = null, html_body = null
where id = $1;

-- name: mark_mail_not_sent as service_role
-- Notes why the message did not go out; the last time it is given up.
update public.mail_outbox
set attempts = attempts + 1, last_error = $2, failed_at = case when $3 then now() end
where id = $1;
