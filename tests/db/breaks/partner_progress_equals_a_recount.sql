alter table public.external_module_progress disable trigger trigger_sync_partner_progress_on_change;
update public.external_module_progress set progress = 90 where id = %(partner_module)s;
