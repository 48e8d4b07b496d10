-- Every function of public and private has a search_path that puts temporary types last: pg_catalog, pg_temp (reviewed exception: the queue's schema).
-- One whose body was read when it was made (return …) looks no name up when it runs, so it needs none, unless it runs as its owner.
select p.oid::regprocedure::text as function, p.proconfig as settings
from pg_proc p
where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  and (p.prosecdef or p.prosqlbody is null)
  and not coalesce(p.proconfig, '{}') && case
      when p.oid = to_regprocedure('private.defer_job(text,jsonb,text,text,timestamp with time zone)')
      then array['search_path=procrastinate, pg_temp'] else array['search_path=pg_catalog, pg_temp']
  end
