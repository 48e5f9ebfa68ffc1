// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromText } from "../../../bytes/byte-string.ts";
import { digestBytes } from "../../../bytes/hash.ts";
import type { Digest } from "../../../oci/digest.ts";
import { formatContextList, parseContextList, type ListedEntry } from "../content/context-list.ts";
import { explainInputs } from "./explain-inputs.ts";
import { formatDifference, formatUncovered } from "./format-difference.ts";
import { findReferences, inputKeyOf, recordInputs, type StageInputs } from "./input-key.ts";
import { formatInputRecord, parseInputRecord } from "./input-record.ts";

const hash = (text: string): Digest => digestBytes(new TextEncoder().encode(text));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const INPUTS: StageInputs = {
  dockerfile: bytes("ARG BASE\nARG OTHER\nFROM $BASE\nCOPY --from=tools:1 / /\n"),
  platform: { os: "linux", architecture: "arm64" },
  builder: "buildkit 0.25",
  buildArgs: { BASE: `example.org/base@${hash("base")}`, OTHER: "1" },
  resolved: { "tools:1": hash("tools") },
  context: hash("context"),
};

function coveredDigest(inputs: StageInputs): Digest {
  const key = inputKeyOf(recordInputs(inputs));
  if (key.kind === "uncovered") throw new Error(key.reasons.map(formatUncovered).join());
  return key.digest;
}

describe("the key of a stage", () => {
  it("does not depend on the order of arguments, contexts and digests, or on undeclared arguments", () => {
    const contexts = { a: hash("a"), b: hash("b") };
    const one = { ...INPUTS, contexts };
    const other: StageInputs = {
      ...one,
      buildArgs: { UNUSED: "x", OTHER: "1", BASE: INPUTS.buildArgs!["BASE"]! },
      contexts: { b: contexts.b, a: contexts.a },
      resolved: { ...INPUTS.resolved, unused: hash("unused") },
      platform: { os: "Linux", architecture: "aarch64", variant: "v8" },
    };
    expect(coveredDigest(other)).toBe(coveredDigest(one));
  });

  it("survives its record as JSON", () => {
    const record = recordInputs(INPUTS);
    expect(parseInputRecord(formatInputRecord(record))).toEqual(record);
    expect(inputKeyOf(parseInputRecord(formatInputRecord(record)))).toEqual(inputKeyOf(record));
    expect(() => parseInputRecord(bytes('{"format":"oci-kit inputs 0"}'))).toThrow(
      expect.objectContaining({ code: "invalid-json" }),
    );
  });

  it.each<[what: string, change: Partial<StageInputs>, reason: string]>([
    ["a secret", { secrets: ["token"] }, "secret token: "],
    ["ssh", { ssh: ["default"] }, "ssh default: "],
    ["an image by its tag", { resolved: {} }, "tools:1 (line 4 of the Dockerfile): no digest"],
    [
      "a frontend by its tag",
      { dockerfile: bytes("# syntax=docker/dockerfile:1\nFROM scratch") },
      "docker/dockerfile:1 (line 1 of the Dockerfile): no digest",
    ],
    [
      "another frontend",
      { dockerfile: bytes(`# syntax=example.org/x@${hash("x")}\nFROM scratch`) },
      "syntax example.org/x@",
    ],
    [
      "a download",
      { dockerfile: bytes("FROM scratch\nADD https://example.org/x /") },
      "https://example.org/x (line 2 of the Dockerfile): it may",
    ],
  ])("has no digest with %s, and says why", (_what, change, reason) => {
    const key = inputKeyOf(recordInputs({ ...INPUTS, ...change }));
    expect(key).not.toHaveProperty("digest");
    expect(key.kind === "uncovered" && key.reasons.map(formatUncovered)).toEqual([
      expect.stringContaining(reason),
    ]);
  });

  it("asks for the digests of images that are not pinned and are no named context", () => {
    expect(findReferences(INPUTS)).toEqual([{ reference: "tools:1", line: 4 }]);
    expect(findReferences({ ...INPUTS, contexts: { "tools:1": hash("x") } })).toEqual([]);
  });
});

const entry = (path: string, change: Partial<ListedEntry> = {}): ListedEntry => ({
  path: fromText(path),
  type: "file",
  mode: 0o644,
  content: hash(path),
  ...change,
});
const FILES = ["Makefile", "src/a.c", "src/é"].map((path) => entry(path));

/** One change of the inputs or of the files, and the line that it is told with. */
const CHANGES: readonly [
  Partial<StageInputs>,
  (files: readonly ListedEntry[]) => readonly ListedEntry[],
  string,
][] = [
  [{ target: "0" }, (files) => files, 'target  "" -> "0"'],
  [{ builder: "buildkit 0.26" }, (files) => files, 'builder  "buildkit 0.25" -> "buildkit 0.26"'],
  [
    { platform: { os: "linux", architecture: "riscv64" } },
    (files) => files,
    'platform  "linux/arm64" -> "linux/riscv64"',
  ],
  [
    { buildArgs: { ...INPUTS.buildArgs, OTHER: "2" } },
    (files) => files,
    'build arg  OTHER: "1" -> "2"',
  ],
  [
    { buildArgs: { BASE: INPUTS.buildArgs!["BASE"]! } },
    (files) => files,
    'build arg  OTHER: "1" -> none',
  ],
  [
    { resolved: { "tools:1": hash("new") } },
    (files) => files,
    `parent  tools:1: ${hash("tools").slice(0, 19)} -> ${hash("new").slice(0, 19)}`,
  ],
  [{ contexts: { more: hash("more") } }, (files) => files, "added  context more"],
  [
    { dockerfile: bytes(`${new TextDecoder().decode(INPUTS.dockerfile)}RUN x`) },
    (files) => files,
    "Dockerfile  changed",
  ],
  [{}, (files) => files.slice(1), "removed  Makefile"],
  [{}, (files) => [...files, entry("z\n")], "added  z\\n"],
  [
    {},
    ([, ...files]) => [entry("Makefile", { content: hash("x") }), ...files],
    "content  Makefile",
  ],
  [
    {},
    ([, ...files]) => [entry("Makefile", { mode: 0o755 }), ...files],
    "mode  Makefile 0644 -> 0755",
  ],
  [
    {},
    ([, ...files]) => [entry("Makefile", { type: "symlink", content: "x" }), ...files],
    "type  Makefile file -> symlink",
  ],
];

describe("what differs from last time", () => {
  async function explain(
    [before, filesBefore]: readonly [StageInputs, readonly ListedEntry[]],
    [after, filesAfter]: readonly [StageInputs, readonly ListedEntry[]],
  ): Promise<string[]> {
    const lists = [filesBefore, filesAfter].map(formatContextList);
    const records = [before, after].map((inputs, at) =>
      recordInputs({ ...inputs, context: lists[at]!.digest }),
    );
    const readList = (digest: Digest): Promise<readonly ListedEntry[] | undefined> => {
      const list = lists.find((one) => one.digest === digest);
      return Promise.resolve(list && parseContextList(list));
    };
    const differences = await explainInputs(records[0]!, records[1]!, readList);
    const [one, other] = records.map((record) => inputKeyOf(record));
    expect(JSON.stringify(one) === JSON.stringify(other)).toBe(differences.length === 0);
    return differences.map(formatDifference);
  }

  it("nothing, when nothing does", async () => {
    expect(await explain([INPUTS, FILES], [INPUTS, FILES])).toEqual([]);
  });

  it.each(CHANGES)(
    "%# one change changes the key, and is told with its line alone",
    async (change, edit, line) => {
      expect(await explain([INPUTS, FILES], [{ ...INPUTS, ...change }, edit(FILES)])).toEqual([
        line,
      ]);
    },
  );

  it("any change of one file among any files is told with one line", async () => {
    const path = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 6 });
    const files = fc
      .uniqueArray(path, { minLength: 1, maxLength: 20 })
      .map((all) => all.sort().map((one) => entry(one)));
    await fc.assert(
      fc.asyncProperty(
        files,
        fc.nat(),
        fc.constantFrom("content", "mode", "removed"),
        async (all, at, what) => {
          const index = at % all.length;
          const { path: name } = all[index]!;
          const now = all.flatMap((one, other) => {
            if (other !== index) return [one];
            if (what === "removed") return [];
            return [entry(name, what === "mode" ? { mode: 0o600 } : { content: hash("another") })];
          });
          const lines = await explain([INPUTS, all], [INPUTS, now]);
          expect(lines).toHaveLength(1);
          expect(lines[0]!.startsWith(`${what}  `)).toBe(true);
          const back = await explain([INPUTS, now], [INPUTS, all]);
          expect(back).toHaveLength(1);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("a context whose files of last time are gone is named as a whole", async () => {
    const [before, now] = [recordInputs(INPUTS), recordInputs({ ...INPUTS, context: hash("new") })];
    const differences = await explainInputs(before, now, () => Promise.resolve(undefined));
    expect(differences.map(formatDifference)).toEqual([
      "changed  context (its files of last time are not known any more)",
    ]);
  });
});
