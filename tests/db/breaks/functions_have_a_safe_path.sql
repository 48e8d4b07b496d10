alter function public.enrol(uuid) set search_path = '';
