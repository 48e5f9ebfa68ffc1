// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { ACTIONS, allows, parseActions, parsePattern } from "./permission.ts";

const allowed = (pattern: string, repository: string): boolean =>
  allows([{ repository: pattern, actions: ["pull"] }], repository, "pull");

describe("a pattern of repositories", () => {
  it.each([
    ["team/app", "team/app", true],
    ["team/app", "team/app/x", false],
    ["team.app", "team-app", false],
    ["team/*", "team/app", true],
    ["team/*", "team/app/x", false],
    ["team/*", "team", false],
    ["team/app-*", "team/app-1", true],
    ["team/**", "team/app/x", true],
    ["team/**", "team", false],
    ["team/**", "teams/app", false],
    ["**/cache", "a/b/cache", true],
    ["**/cache", "cache", false],
    ["**", "a/b/c", true],
  ])("%s matches %s: %s", (pattern, repository, expected) => {
    expect(allowed(parsePattern(pattern), repository)).toBe(expected);
  });

  it.each(["", "Team", "host:5000/a", "a//b", "/a", "a/", "../a", "a***", "a b", "a/.*"])(
    "%j is refused",
    (pattern) => {
      expect(() => parsePattern(pattern)).toThrow(/expected a repository or a pattern/);
    },
  );
});

describe("actions", () => {
  it("are only those that are named, or all with *", () => {
    const grants = [{ repository: "a", actions: parseActions(["push"]) }];
    expect(ACTIONS.filter((action) => allows(grants, "a", action))).toEqual(["push"]);
    expect(parseActions(["*"])).toEqual(ACTIONS);
  });

  it("that are none are refused", () => {
    expect(() => parseActions(["pull", "write"])).toThrow('(pull, push, delete), got "write"');
    expect(() => parseActions([])).toThrow("got none");
  });
});
