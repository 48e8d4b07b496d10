update public.profiles set email = 'other@guild.test' where id = %(owner)s;
