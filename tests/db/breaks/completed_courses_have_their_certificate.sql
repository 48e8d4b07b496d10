delete from public.certificates;
