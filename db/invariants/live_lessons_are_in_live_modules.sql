-- A live lesson is in a live module, and what is not removed is in none that was.
select l.id, l.state, m.state as module_state
from public.lessons l join public.course_modules m on m.id = l.module_id
where (l.state = 'live' and m.state <> 'live') or (l.state <> 'retired' and m.state = 'retired')
