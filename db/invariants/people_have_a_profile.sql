-- Everybody who can sign in by mail has a profile with the same address.
select u.id
from auth.users u
left join public.profiles p on p.id = u.id
where u.email is not null and p.email is distinct from u.email::extensions.citext
