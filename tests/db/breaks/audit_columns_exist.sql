update private.audit_tables set personal_columns = '{no_such_column}' where table_name = 'profiles';
