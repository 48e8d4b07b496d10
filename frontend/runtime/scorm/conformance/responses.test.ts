/* What each type of interaction may hold: SCORM 2004 4th edition RTE 4.2.9.1 and 4.2.9.2, SCORM 1.2 RTE 3.4.4. */
import { describe, expect, it } from "vitest";
import { createApi12, createApi2004 } from "../rte/index.ts";
import { session, site } from "../rte/fixtures.ts";

function interaction(type: string) {
  const api = createApi2004(session({ edition: 4 }), site());
  api.Initialize("");
  api.SetValue("cmi.interactions.0.id", "q");
  expect(api.SetValue("cmi.interactions.0.type", type)).toBe("true");
  return {
    response: (value: string) => [api.SetValue("cmi.interactions.0.learner_response", value), api.GetLastError()],
    pattern: (value: string, at = 0) => [api.SetValue(`cmi.interactions.0.correct_responses.${at}.pattern`, value), api.GetLastError()],
    count: () => api.GetValue("cmi.interactions.0.correct_responses._count"),
  };
}
const OK = ["true", "0"];
const TYPE = ["false", "406"];

describe("learner_response (4.2.9.2)", () => {
  it.each<[string, string[], string[]]>([
    ["true-false", ["true", "false"], ["t", "1", "True", ""]],
    ["choice", ["a", "a[,]b", "urn:choice:a[,]b"], ["a b", "a[,]a", "a[,]"]],
    ["fill-in", ["word", "{lang=en}word", "one[,]two", ""], []],
    ["long-fill-in", ["a long text", "{lang=fr}Bonjour", ""], []],
    ["likert", ["agree", "5"], ["a[,]b", "two words"]],
    ["matching", ["a[.]1", "a[.]1[,]b[.]2"], ["a", "a[,]b", "a[.]", "a[.]1[,]b"]],
    ["performance", ["step1[.]done", "step1[.]", "[.]done", "s[.]1[:]5", "a[.]b[,]c[.]d"], ["step1"]],
    ["sequencing", ["a[,]b[,]c", "a", "a[,]b[,]a"], ["a b"]],
    ["numeric", ["4", "-1.5", "0.25"], ["four", "1[:]2", ""]],
    ["other", ["anything at all", ""], []],
  ])("%s", (type, legal, illegal) => {
    const { response } = interaction(type);
    for (const value of legal) expect([value, ...response(value)]).toEqual([value, ...OK]);
    for (const value of illegal) expect([value, ...response(value)]).toEqual([value, ...TYPE]);
  });
});

describe("correct_responses.n.pattern (4.2.9.1)", () => {
  it.each<[string, string[], string[]]>([
    ["true-false", ["true"], ["t", ""]],
    ["choice", ["a[,]b", "a"], ["a b", "a[,]a"]],
    ["fill-in", ["word", "{case_matters=true}word", "{case_matters=false}{order_matters=true}a[,]b", "{order_matters=false}{lang=en}a[,]b"], []],
    ["long-fill-in", ["text", "{case_matters=true}text", "{lang=en}text"], []],
    ["likert", ["agree"], ["a[,]b", "two words"]],
    ["matching", ["a[.]1[,]b[.]2"], ["a", "a[,]b"]],
    ["performance", ["a[.]b", "{order_matters=false}a[.]b[,]c[.]d", "a[.]1[:]5"], ["a"]],
    ["sequencing", ["a[,]b[,]c"], ["a b"]],
    ["numeric", ["1[:]2", "[:]2", "1[:]", "[:]", "3[:]3"], ["2[:]1", "a[:]b"]],
    ["other", ["anything"], []],
  ])("%s", (type, legal, illegal) => {
    for (const value of legal) expect([value, ...interaction(type).pattern(value)]).toEqual([value, ...OK]);
    for (const value of illegal) expect([value, ...interaction(type).pattern(value)]).toEqual([value, ...TYPE]);
  });

  it.each(["true-false:true:false", "likert:a:b", "numeric:1[:]2:3[:]4", "other:a:b"])("one pattern only: %s", (text) => {
    const [type, first, second] = text.replaceAll("[:]", "[;]").split(":").map((part) => part.replaceAll("[;]", "[:]"));
    const { pattern, count } = interaction(type!);
    expect(pattern(first!)).toEqual(OK);
    expect(pattern(second!, 1)).toEqual(["false", "351"]);
    expect(count()).toBe("1");
  });

  it.each([["choice", "a", "b"], ["fill-in", "a", "b"], ["matching", "a[.]1", "b[.]1"], ["sequencing", "a[,]b", "b[,]a"]])(
    "several patterns: %s (those of a choice and of a sequencing each once)",
    (type, first, second) => {
      const { pattern, count } = interaction(type);
      expect([pattern(first), pattern(second, 1)]).toEqual([OK, OK]);
      const once = type === "choice" || type === "sequencing";
      expect(pattern(first, 2)).toEqual(once ? ["false", "351"] : OK);
      expect(count()).toBe(once ? "2" : "3");
    },
  );

  it("a choice is a set: the same in another order is the same pattern", () => {
    const { pattern } = interaction("choice");
    expect([pattern("a[,]b"), pattern("b[,]a", 1)]).toEqual([OK, ["false", "351"]]);
  });
});

describe("SCORM 1.2, by type (RTE 3.4.4)", () => {
  it.each([
    ["true-false", "t"], ["true-false", "0"], ["choice", "a"], ["choice", "{a,b}"], ["fill-in", "a word"], ["matching", "a.1,b.2"],
    ["performance", "anything"], ["sequencing", "a,b,c"], ["likert", "3"], ["numeric", "4.5"],
  ])("%s takes %s as response and as pattern", (type, value) => {
    const api = createApi12(session(), site());
    api.LMSInitialize("");
    api.LMSSetValue("cmi.interactions.0.type", type);
    expect(api.LMSSetValue("cmi.interactions.0.student_response", value)).toBe("true");
    expect(api.LMSSetValue("cmi.interactions.0.correct_responses.0.pattern", value)).toBe("true");
    expect(api.LMSGetValue("cmi.interactions.0.correct_responses._count")).toBe("1");
  });
});

describe("editions of SCORM 2004", () => {
  const edition = (number: number) => {
    const api = createApi2004(session({ edition: number }), site());
    api.Initialize("");
    return api;
  };
  it.each([2, 3])("edition %i has neither shared data nor jump (both came with the 4th)", (number) => {
    const api = edition(number);
    expect([api.GetValue("adl.data._count"), api.GetLastError()]).toEqual(["", "401"]);
    expect([api.SetValue("adl.nav.request", "{target=b}jump"), api.GetLastError()]).toEqual(["false", "406"]);
    expect([api.GetValue("adl.nav.request_valid.jump.{target=b}"), api.GetLastError()]).toEqual(["", "401"]);
  });
});
