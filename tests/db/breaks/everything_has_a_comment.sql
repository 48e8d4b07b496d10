comment on function public.enrol(uuid) is null;
