delete from public.media_file_uses where file_id = %(reading_picture)s;
