import { expect, it } from "vitest";
import { announce, hacp, named } from "./hacp.ts";

it("names a unit in letters that stand in an address", () => {
  expect(named("A1")).toBe("QTE");
  expect(named("Größe ?>~")).toBe("R3LDtsOfZSA_Pn4");
});

it("launches each visit of a unit under another name", () => {
  const units = hacp("https://p1.example.org", () => "token", () => 35);
  expect(units.launch("/t/files/a.html?x=1#top", "A1")).toBe(
    "/t/files/a.html?x=1&AICC_SID=QTE.z-1&AICC_URL=https%3A%2F%2Fp1.example.org%2Ftoken%2Faicc#top",
  );
  expect(units.launch("a.html", "A1")).toContain("AICC_SID=QTE.z-2&");
});

it("tells a page that it goes, and one of another host not", () => {
  const told: string[] = [];
  const tell = (event: Event) => void told.push(event.type);
  for (const name of ["beforeunload", "pagehide", "unload"]) window.addEventListener(name, tell);
  announce(window);
  for (const name of ["beforeunload", "pagehide", "unload"]) window.removeEventListener(name, tell);
  expect(told).toEqual(["beforeunload", "pagehide", "unload"]);
  announce(null);
  announce({ get frames(): never { throw new DOMException("no", "SecurityError"); } } as unknown as Window);
});
