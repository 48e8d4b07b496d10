-- An xAPI statement is voided only by a statement that says so.
select s.id from public.xapi_statements s
where s.voided and not exists (select 1 from public.xapi_statements v where v.voids = s.id)
