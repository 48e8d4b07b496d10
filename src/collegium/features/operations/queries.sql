-- name: list_mail
-- Messages of the outbox from the newest on, or from one on: older than $3, or newer than $4 in rising order.
select m.id, m.created_at, m.recipient::text as recipient, m.kind, m.subject,
    case when m.sent_at is not null then 'sent' when m.failed_at is not null then 'failed' else 'waiting' end as state,
    m.sent_at, m.attempts, m.last_error
from public.mail_outbox m
where ($1::text is null or m.recipient::text ilike $1 or m.subject ilike $1 or m.kind ilike $1)
    and case $2::text
        when 'sent' then m.sent_at is not null
        when 'failed' then m.failed_at is not null
        when 'waiting' then m.sent_at is null and m.failed_at is null
        else true
    end
    and ($3::uuid is null or m.id < $3)
    and ($4::uuid is null or m.id > $4)
order by case when $4::uuid is not null then m.id end, m.id desc
limit $5;

-- name: get_mail
-- One message with its text.
select m.id, m.created_at, m.recipient::text as recipient, m.kind, m.subject,
    case when m.sent_at is not null then 'sent' when m.failed_at is not null then 'failed' else 'waiting' end as state,
    m.sent_at, m.attempts, m.last_error, m.text_body, m.failed_at
from public.mail_outbox m
where m.id = $1;

-- name: count_mail
-- How many messages have not gone out, and of how many that was given up.
select count(*) filter (where m.failed_at is null)::integer as waiting,
    count(*) filter (where m.failed_at is not null)::integer as failed
from public.mail_outbox m
where m.sent_at is null;

-- name: send_mail_again
-- Puts a message back into the queue; the database refuses whoever may not.
select public.send_mail_again($1);
