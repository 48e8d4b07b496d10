-- name: my_collections
-- Collections of the person who asks, the newest first, after a place, that have some words in their name or in that of a part or video.
select s.id, s.name, s.session_type, s.created_at, s.updated_at,
    (select count(*) from public.modules m where m.session_id = s.id) as parts,
    coalesce(v.videos, 0) as videos, coalesce(v.bytes, 0)::bigint as bytes,
    exists (
        select 1 from public.session_shares h where h.session_id = s.id and (h.expires_at is null or h.expires_at > now())
    ) as is_shared
from public.sessions s
left join lateral (
    select count(*) as videos, sum(v.file_size) as bytes
    from public.modules m join public.videos v on v.module_id = m.id where m.session_id = s.id
) v on true
where s.user_id = (select auth.uid())
  and ($1::timestamptz is null or (s.created_at, s.id) < ($1, $2::uuid))
  and ($3::text = '' or position(private.fold($3) in private.fold(s.name)) > 0
    or exists (
        select 1 from public.modules m left join public.videos v on v.module_id = m.id
        where m.session_id = s.id and (
            position(private.fold($3) in private.fold(m.name)) > 0 or position(private.fold($3) in private.fold(v.file_name)) > 0
        )
    ))
order by s.created_at desc, s.id desc
limit $4;

-- name: my_collection
-- One's own collection with its parts, videos and link.
select s.id, s.name, s.session_type, s.created_at,
    coalesce((
        select jsonb_agg(jsonb_build_object('id', m.id, 'name', m.name, 'videos', coalesce((
            select jsonb_agg(jsonb_build_object(
                'id', v.id, 'file_name', v.file_name, 'file_size', v.file_size, 'mime_type', v.mime_type, 'duration', v.duration,
                'address', case when v.file_url like 'https://%' then v.file_url end
            ) order by v.order_index)
            from public.videos v where v.module_id = m.id
        ), '[]')) order by m.order_index)
        from public.modules m where m.session_id = s.id
    ), '[]') as parts,
    (
        select jsonb_build_object('id', h.id, 'session_id', h.session_id, 'expires_at', h.expires_at, 'created_at', h.created_at)
        from public.session_shares h where h.session_id = s.id
    ) as share
from public.sessions s
where s.id = $1 and s.user_id = (select auth.uid());

-- name: add_collection
-- Begins a collection of the person who asks.
insert into public.sessions (name, session_type, user_id) values ($1, $2, auth.uid()) returning id;

-- name: change_collection
-- Gives one's own collection another name, or another way of playing.
update public.sessions set name = $2, session_type = $3 where id = $1 and user_id = (select auth.uid()) returning id;

-- name: remove_collection
-- Removes one's own collection with everything in it.
delete from public.sessions where id = $1 and user_id = (select auth.uid()) returning name;

-- name: add_part
-- Adds a part at the end of one's own collection.
select public.add_session_module($1, $2);

-- name: rename_part
-- Gives a part of one's own collection another name.
update public.modules set name = $3 where id = $2 and session_id = $1 returning id;

-- name: remove_part
-- Removes a part of one's own collection with its videos.
delete from public.modules where id = $2 and session_id = $1 returning name;

-- name: add_video
-- Puts an uploaded file at the end of a part of one's own collection.
select public.add_collected_video($1, $2);

-- name: rename_video
-- Gives a video of one's own collection another name.
update public.videos set file_name = $3
where id = $2 and module_id = any (array(select m.id from public.modules m where m.session_id = $1)) returning id;

-- name: remove_video
-- Takes a video out of one's own collection.
delete from public.videos
where id = $2 and module_id = any (array(select m.id from public.modules m where m.session_id = $1)) returning file_name;

-- name: order_collection
-- Puts the parts and videos of one's own collection into an order.
select public.order_session($1, $2);

-- name: video_file
-- Where the file of a video lies, for those who may see the video.
select v.file_url from public.videos v where v.id = $1 and v.file_url not like 'https://%';

-- name: withdraw_link
-- Takes the link to one's own collection back.
delete from public.session_shares where session_id = $1 returning id;

-- name: share_collection
-- Lets whoever holds a link look at one's own collection.
insert into public.session_shares (id, session_id, token_hash, expires_at)
values ($1, $2, sha256(convert_to($3, 'UTF8')), $4)
returning id, session_id, expires_at, created_at;

-- name: shared_collection as anon
-- What a link shows to whoever holds it.
select r.name, r.session_type, r.shared_by, r.expires_at, r.parts from public.read_shared_session($1) r;

-- name: shared_file as service_role
-- Where the file of a video lies that a link shows.
select private.shared_video_file($1, $2);

-- name: make_course
-- Makes a draft course of one's own collection.
select public.publish_session($1);
