-- Responses that units of AICC put are kept whole, up to what one request may bring: a cut answer is another answer.
-- Rollback: private.scorm_value_limit(text, text, boolean) of 20261122103000.

create or replace function private.scorm_value_limit(p_standard text, p_element text, p_lenient boolean) returns integer
language sql immutable parallel safe
return case
    when p_standard = 'aicc' and p_element ~ '^cmi\.interactions\..*(student_response|pattern)$' then 64000
    when p_lenient and p_standard <> 'scorm_2004' and p_element = 'cmi.suspend_data' then 64000
    when p_lenient and p_standard <> 'scorm_2004' and p_element = 'cmi.core.lesson_location' then 1000
    else private.scorm_value_limit(p_standard, p_element)
end;
