create policy p on public.courses as restrictive for select using (true);
