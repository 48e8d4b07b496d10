-- name: seal as service_role
-- Takes committed rows that are not in the chain yet into it; answers how many.
select private.seal_audit_logs();

-- name: head
-- The end of the chain as its rows say, and what is not in it yet.
select coalesce(l.position, 0) as position, coalesce(l.hash, decode(repeat('00', 32), 'hex')) as hash,
    u.unsealed, u.oldest_unsealed
from (select count(*)::integer as unsealed, min(at) as oldest_unsealed from public.audit_logs where position is null) u
left join lateral (
    select position, hash from public.audit_logs where position is not null order by position desc limit 1
) l on true;

-- name: noted_head as service_role
-- The end of the chain as sealing noted it.
select position, hash from private.audit_head;

-- name: rows_to_check as service_role
-- Sealed rows after a place in the order of their places, as text, with their personal values.
select l.position, l.previous_hash, l.hash,
    array[
        l.id::text, (extract(epoch from l.at) * 1000000)::bigint::text, l.txid::text, l.actor::text, l.actor_role,
        l.request_id, l.table_name, l.record_id, l.operation, l.subject::text,
        to_jsonb(l.changed)::text, to_jsonb(l.personal)::text, l.before::text, l.after::text
    ] as fields,
    v.salt,
    (select jsonb_object_agg(e.key, e.value::text) from jsonb_each(v.before) e) as personal_before,
    (select jsonb_object_agg(e.key, e.value::text) from jsonb_each(v.after) e) as personal_after,
    -- In the same snapshot as the rows, whatever is sealed meanwhile.
    (select h.position from private.audit_head h) as head, (select h.hash from private.audit_head h) as head_hash
from public.audit_logs l
left join public.audit_personal_values v on v.audit_id = l.id
where l.position > $1
order by l.position, l.id;

-- name: erased_people as service_role
-- Everybody whose personal values were removed.
select distinct record_id from public.audit_logs where operation = 'ERASE';

-- name: rows_to_export as service_role
-- Rows of some days in the order of their numbers; what is personal only as digests.
select l.id, l.at, l.txid, l.actor, l.actor_role, l.request_id, l.table_name, l.record_id, l.operation, l.subject,
    l.changed, l.personal, l.before, l.after, l.position,
    encode(l.previous_hash, 'hex') as previous_hash, encode(l.hash, 'hex') as hash
from public.audit_logs l
where l.at >= $1::timestamptz and l.at < $2::timestamptz
order by l.id;

-- name: roots as service_role
-- Every day's root.
select day, position, rows, hash, signed_at, key_id, signature, exported_key from public.audit_roots order by day;

-- name: last_root
-- The latest day's root.
select day, position, rows, hash, signed_at, key_id, signature, exported_key
from public.audit_roots order by day desc limit 1;

-- name: keep_root as service_role
-- Keeps the root of a day; nothing when it has one.
insert into public.audit_roots (day, position, rows, hash, signed_at, key_id, signature)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (day) do nothing;

-- name: keep_exported as service_role
-- Notes where a root's file lies.
update public.audit_roots set exported_key = $2 where day = $1;

-- name: erase_person as service_role
-- Removes a person's values from the log; answers of how many rows.
select private.erase_audit_person($1);

-- name: list_lines
-- Changes from the newest on, or from one on: older than $6, or newer than $7 in rising order.
select l.id, l.at, l.actor, nullif(btrim(a.first_name || ' ' || a.last_name), '') as actor_name, l.actor_role,
    l.table_name, l.record_id, l.operation, l.subject,
    nullif(btrim(s.first_name || ' ' || s.last_name), '') as subject_name, l.changed, l.position
from public.audit_logs l
left join public.profiles a on a.id = l.actor
left join public.profiles s on s.id = l.subject
where ($1::text is null or l.table_name = $1)
    and ($2::text is null or l.record_id = $2)
    and ($3::uuid is null or l.subject = $3)
    and ($4::uuid is null or l.actor = $4)
    and ($5::date is null or (l.at >= $5::date::timestamp at time zone 'UTC' and l.at < ($5::date + 1)::timestamp at time zone 'UTC'))
    and ($6::bigint is null or l.id < $6)
    and ($7::bigint is null or l.id > $7)
order by case when $7::bigint is not null then l.id end, l.id desc
limit $8;

-- name: get_entry
-- One change with everything that is known of it.
select l.id, l.at, l.actor, nullif(btrim(a.first_name || ' ' || a.last_name), '') as actor_name, l.actor_role,
    l.table_name, l.record_id, l.operation, l.subject,
    nullif(btrim(s.first_name || ' ' || s.last_name), '') as subject_name, l.changed, l.position,
    l.txid, l.request_id, l.personal, l.before, l.after, l.hash,
    v.before as personal_before, v.after as personal_after, v.audit_id is not null as has_personal
from public.audit_logs l
left join public.audit_personal_values v on v.audit_id = l.id
left join public.profiles a on a.id = l.actor
left join public.profiles s on s.id = l.subject
where l.id = $1;

-- name: list_tables
-- The tables of which there is a change, for the filter.
with recursive names as (
    (select table_name from public.audit_logs order by table_name limit 1)
    union all
    select (select l.table_name from public.audit_logs l where l.table_name > n.table_name order by l.table_name limit 1)
    from names n where n.table_name is not null
)
select table_name from names where table_name is not null;

-- name: find_person
-- The person whom somebody means by an address or an identity.
select id from public.profiles where email = $1::text::extensions.citext or id::text = $1::text;
