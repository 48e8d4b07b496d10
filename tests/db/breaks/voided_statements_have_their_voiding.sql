update public.xapi_statements set voided = true where id = %(xapi_statement)s;
