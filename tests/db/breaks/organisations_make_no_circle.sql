drop trigger check_organisation on public.organisations;
update public.organisations set parent_id = %(spare_organisation)s where id = %(organisation)s;
