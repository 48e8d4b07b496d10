-- name: for_document as service_role
-- What the document of a certificate says.
select
    c.id, c.number, c.holder_name, c.course_title, c.ce_credits, c.completed_at, c.issued_at, c.pdf_key,
    p.locale, p.time_zone, i.display_name as instructor_name
from public.certificates c
join public.profiles p on p.id = c.member_id
join public.courses k on k.id = c.course_id
left join public.instructor_profiles i on i.profile_id = k.instructor_id
where c.id = $1

-- name: keep_document as service_role
-- Keeps where the signed document lies.
update public.certificates set pdf_key = $2, pdf_sha256 = $3, pdf_made_at = now(), pdf_error = null where id = $1

-- name: keep_failure as service_role
-- Keeps why the document could not be made.
update public.certificates set pdf_error = left($2, 500) where id = $1

-- name: mine
-- The reader's certificates, the newest first.
select
    c.id, c.number, c.holder_name, c.course_title, c.ce_credits, c.completed_at, c.issued_at, c.revoked_at,
    c.pdf_key is not null as has_document, c.pdf_error, k.category, k.slug, v.number as version_number
from public.certificates c
join public.courses k on k.id = c.course_id
left join public.course_versions v on v.id = c.course_version_id
where c.member_id = auth.uid()
order by c.issued_at desc, c.id

-- name: document
-- Where the document of a certificate lies, for those who may see the certificate.
select pdf_key, pdf_error from public.certificates where number = $1 and revoked_at is null

-- name: verify as anon
-- What anybody may know of one certificate.
select public.verify_certificate($1)

-- name: revoke
-- Revokes a certificate.
select public.revoke_certificate($1, $2)
