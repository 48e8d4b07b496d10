/* The address under which an item is launched. */

/** href and parameters of the manifest put together as SCORM 2004 4th edition CAM 3.4.1.12 says; SCORM 1.2 means the same. */
export function withParameters(href: string, parameters: string | null | undefined): string {
  let rest = (parameters ?? "").trim();
  if (rest === "") return href;
  while (rest.startsWith("?") || rest.startsWith("&")) rest = rest.slice(1);
  if (rest.startsWith("#")) return href.includes("#") ? href : href + rest;
  const [path, ...fragment] = href.split("#");
  const anchor = fragment.length > 0 ? `#${fragment.join("#")}` : "";
  return `${path}${path!.includes("?") ? "&" : "?"}${rest}${anchor}`;
}

/** The address of a file below `files`, whatever characters its name has; an address elsewhere is left as it is. */
export function launchAddress(files: string, href: string, parameters: string | null | undefined): string {
  const whole = withParameters(href, parameters);
  if (/^[a-z][a-z0-9+.-]*:/i.test(whole) || whole.startsWith("//")) return whole;
  return files + whole.replace(/^(\.?\/)+/, "");
}
