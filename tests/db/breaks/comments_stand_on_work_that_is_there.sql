update public.submission_annotations set file_number = 1, page = 1, rects = '[]', text_start = null, text_end = null where id = %(annotation)s;
