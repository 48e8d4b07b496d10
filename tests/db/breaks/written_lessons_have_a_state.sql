delete from public.lesson_contents where lesson_id = %(reading)s;
