grant select (title) on public.courses to public;
