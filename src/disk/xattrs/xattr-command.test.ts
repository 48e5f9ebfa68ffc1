// SPDX-License-Identifier: MIT
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBytes, type ByteString } from "../../bytes/byte-string.ts";
import {
  escapeOctal,
  NO_XATTRS,
  parseComplaints,
  parseDump,
  runXattrCommand,
  sortedXattrs,
  unescapeOctal,
} from "./xattr-command.ts";

const bytes = fc.uint8Array().map((array) => fromBytes(array));
const someBytes = fc.uint8Array({ minLength: 1 }).map((array) => fromBytes(array));

function formatDump(tree: ReadonlyMap<ByteString, ReadonlyMap<ByteString, ByteString>>): string {
  let text = "";
  for (const [path, xattrs] of tree) {
    text += `# file: ${escapeOctal(path)}\n`;
    for (const [name, value] of xattrs) {
      text += `${escapeOctal(name)}=0x${Buffer.from(value, "latin1").toString("hex")}\n`;
    }
    text += "\n";
  }
  return text;
}

describe("parsing a dump of attributes", () => {
  it("gives each path its own attributes, sorted by name, whatever bytes paths, names and values have", () => {
    const xattrs = fc.array(fc.tuple(someBytes, bytes), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.tuple(someBytes, xattrs)), (files) => {
        const tree = new Map(files.map(([path, list]) => [path, new Map(list)]));
        const found = parseDump(formatDump(tree));
        expect(found).toEqual(tree);
        for (const names of [...found.values()].map((of) => [...of.keys()])) {
          expect(names).toEqual([...names].sort());
        }
      }),
    );
  });

  it("accepts both ways of writing a name without a value, and ignores what comes before the first path", () => {
    const told = 'user.lost=0x31\n# file: a=b\nuser.z\nuser.y=""\nuser.x=0x\n\n# file: \\012\n';
    expect([...parseDump(told)].map(([path, xattrs]) => [path, [...xattrs]])).toEqual([
      [
        "a=b",
        [
          ["user.x", ""],
          ["user.y", ""],
          ["user.z", ""],
        ],
      ],
      ["\n", []],
    ]);
    expect(parseDump("").size).toBe(0);
  });
});

describe("the commands getfattr and setfattr", () => {
  it("read back every byte that was written", () => {
    fc.assert(
      fc.property(bytes, (text) => {
        expect(escapeOctal(text)).toMatch(/^[\w./\\-]*$/);
        expect(unescapeOctal(escapeOctal(text))).toBe(text);
      }),
    );
  });

  it("complain of paths in a form that can be parsed, whatever characters the paths have", () => {
    const said = "getfattr: /a: b\\012: Permission denied\nsetfattr: c: No space left\nusage\n";
    expect(parseComplaints(said)).toEqual([
      { path: "/a: b\n", reason: "Permission denied" },
      { path: "c", reason: "No space left" },
    ]);
  });

  it("complain of values without marking the name, so that several paths may be meant", () => {
    const said = "/a: b\\012: user.a: Permission denied\n";
    expect(parseComplaints(said)).toEqual([
      { path: "/a", reason: "Permission denied" },
      { path: "/a: b\n", reason: "Permission denied" },
    ]);
  });

  it("give an error and throw nothing when they are not installed", () => {
    const path = process.env["PATH"];
    process.env["PATH"] = "/nowhere";
    try {
      expect(runXattrCommand("getfattr", ["--version"], [])).toMatchObject({
        error: { code: "ENOENT", syscall: "spawnSync getfattr" },
        stdout: "",
        stderr: "",
      });
    } finally {
      process.env["PATH"] = path;
    }
  });
});

describe("sorting attributes", () => {
  it("gives the same shared map whenever there are none", () => {
    expect(sortedXattrs([])).toBe(NO_XATTRS);
  });
});
