drop trigger belongings_do_not_overlap on public.organisation_members;
insert into public.organisation_members (organisation_id, member_id, role) values (%(organisation)s, %(owner)s, 'manager');
