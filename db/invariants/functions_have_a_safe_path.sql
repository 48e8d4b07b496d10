-- Every function of public and private has a search_path that puts temporary types last: pg_catalog, pg_temp (reviewed exception: the queue's schema).
select p.oid::regprocedure::text as function, p.proconfig as settings
from pg_proc p
where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  and not coalesce(p.proconfig, '{}') && case
      when p.oid = to_regprocedure('private.defer_job(text,jsonb,text,text,timestamp with time zone)')
      then array['search_path=procrastinate, pg_temp'] else array['search_path=pg_catalog, pg_temp']
  end
