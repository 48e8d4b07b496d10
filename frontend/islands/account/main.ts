/** The account's forms: a new account begins with the time zone that the browser knows. */
for (const field of document.querySelectorAll<HTMLInputElement>("input[data-time-zone]")) {
  field.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone;
}
