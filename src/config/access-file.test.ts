// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { accessFile, parseAccessFile } from "./access-file.ts";

const RULE = { users: ["ci"], repositories: ["team/**"], actions: ["pull", "push"] };

describe("an access file", () => {
  it("is YAML or JSON", () => {
    const yaml =
      "rules:\n  - users: [ci]\n    repositories: [team/**]\n    actions: [pull, push]\n";
    expect(parseAccessFile(yaml, "a")).toEqual({ rules: [RULE] });
    expect(parseAccessFile(JSON.stringify({ rules: [RULE] }), "a")).toEqual({ rules: [RULE] });
    expect(parseAccessFile("rules: []", "a")).toEqual({ rules: [] });
  });

  it.each([
    ["", "a: expected a map, got null"],
    ["rules:\n  - users: ci", "a:2:12: rules.0.users: expected a list, got string"],
    ["rules:\n  - user: [ci]", "a:2:5: rules.0: expected users, repositories, actions, got user"],
    ["rules: []\nadmin: true", "expected rules, got admin"],
    [
      "rules:\n  - {users: [], repositories: [a], actions: [pull]}",
      "a:2:13: rules.0.users: expected at least one, got none",
    ],
    [
      "rules:\n  - {users: [a], repositories: [A], actions: [pull]}",
      "a:2:33: rules.0.repositories.0: expected a repository or a pattern",
    ],
    [
      "rules:\n  - {users: [a], repositories: [a], actions: [admin]}",
      'a:2:46: rules.0.actions: expected actions (pull, push, delete), got "admin"',
    ],
    ["rules: [", "a:1:9: Flow sequence"],
  ])("%j is refused with the place", (text, message) => {
    expect(() => parseAccessFile(text, "a")).toThrow(message);
  });

  it("is read again when it changes, and refuses everything while it is broken", () => {
    const place = mkdtempSync(join(tmpdir(), "oci-kit-access-"));
    const file = join(place, "access.yaml");
    writeFileSync(file, JSON.stringify({ rules: [RULE] }));
    const read = accessFile(file);
    expect(read()).toBe(read());
    writeFileSync(file, "rules: []");
    expect(read()).toEqual({ rules: [] });
    writeFileSync(file, "rules: [");
    expect(read).toThrow("Flow sequence");
    expect(read).toThrow("Flow sequence");
    rmSync(place, { recursive: true });
    expect(read).toThrow("no such file");
  });
});
