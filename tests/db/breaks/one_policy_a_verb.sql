create policy p on public.courses for all to anon using (true);
