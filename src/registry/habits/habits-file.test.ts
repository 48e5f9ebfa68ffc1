// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseHabits, readHabitsFile } from "./habits-file.ts";
import { knownHabits } from "./known-habits.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "oci-kit-habits-"));
});
afterEach(() => rmSync(home, { recursive: true }));

function write(below: string, text: string): void {
  mkdirSync(join(home, below), { recursive: true });
  writeFileSync(join(home, below, "registries.json"), text);
}

describe("what the user knows of registries", () => {
  it("is nothing where there is no file", () => {
    expect(readHabitsFile({ HOME: home })).toEqual([]);
  });

  it("is read from the configuration directory, and counts before what is known", () => {
    write(
      ".config/oci-kit",
      '[{ "hosts": ["ghcr.io"], "pageSize": 7, "chunks": { "length": 9 } }]',
    );
    const { pageSize, chunks, deletesTags } = knownHabits("ghcr.io", () =>
      readHabitsFile({ HOME: home }),
    );
    expect({ pageSize, deletesTags, length: chunks.length }).toEqual({
      pageSize: 7,
      deletesTags: undefined,
      length: 9,
    });
    write("other/oci-kit", '[{ "hosts": ["x"] }]');
    const there = readHabitsFile({ HOME: home, XDG_CONFIG_HOME: join(home, "other") });
    expect(there).toEqual([{ hosts: ["x"] }]);
  });

  it.each([
    ["{", "expected JSON, got something else"],
    ["{}", "expected a list"],
    ["[1]", "expected [0] to be a map, got 1"],
    ["[{}]", "expected hosts in [0], got none"],
    ['[{"hosts":[]}]', "expected [0].hosts to be a list of hosts"],
    ['[{"hosts":["a"],"pagesize":5}]', 'got "pagesize"'],
    ['[{"hosts":["a"],"__proto__":5}]', 'got "__proto__"'],
    ['[{"hosts":["a"],"pageSize":0}]', "expected [0].pageSize to be a whole number above 0, got 0"],
    ['[{"hosts":["a"],"deletesTags":"no"}]', 'deletesTags to be true or false, got "no"'],
    ['[{"hosts":["a"],"chunks":{"use":"often"}}]', "[0].chunks.use to be never, large or always"],
  ])("is refused by name when it is %s", (text, message) => {
    expect(() => parseHabits(text, "registries.json")).toThrow(`registries.json: `);
    expect(() => parseHabits(text, "registries.json")).toThrow(message);
  });
});
