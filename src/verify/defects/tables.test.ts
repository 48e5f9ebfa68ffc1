// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { directory, file, hardlink, symlink, type Piece } from "../../../test/fixtures/layers.ts";
import {
  buildTableImage,
  type TableChange,
  type TableKind,
  type TableRow,
} from "../../../test/fixtures/table-layers.ts";
import { readImage } from "../../image/image.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import type { ImageReport } from "../image/image-report.ts";
import { verifyImage } from "../image/verify-image.ts";

const PIECES: readonly Piece[] = [
  directory("etc"),
  file("etc/issue", "one"),
  file("etc/empty"),
  symlink("etc/link", "issue"),
  hardlink("etc/second", "etc/issue"),
  file("etc/.wh.gone"),
];

async function verifyTable(kind: TableKind, change: TableChange): Promise<ImageReport> {
  const store = createMemoryStore();
  const { manifest } = await buildTableImage(store, kind, [PIECES], change);
  return verifyImage(await readImage(store, manifest));
}

/** The table with one row changed. */
function changed(name: string, values: TableRow): TableChange {
  return {
    rows: (rows) => rows.map((row) => (row["name"] === name ? { ...row, ...values } : row)),
  };
}

const OTHER = `sha256:${"7".repeat(64)}`;

const DEFECTS: readonly (readonly [what: string, path: string | undefined, change: TableChange])[] =
  [
    ["another content", "/etc/issue", changed("etc/issue", { digest: OTHER })],
    ["another permission", "/etc/issue", changed("etc/issue", { mode: 0o4755 })],
    ["another owner", "/etc/empty", changed("etc/empty", { uid: 1000 })],
    ["another target of a link", "/etc/link", changed("etc/link", { linkName: "/etc/shadow" })],
    ["a directory for a file", "/etc/empty", changed("etc/empty", { type: "dir" })],
    [
      "another file of a hard link",
      "/etc/second",
      changed("etc/second", { linkName: "etc/empty" }),
    ],
    ["an attribute", "/etc/issue", changed("etc/issue", { xattrs: { "user.x": "eA==" } })],
    ["another time", "/etc/issue", changed("etc/issue", { modtime: "2001-01-01T00:00:00Z" })],
    ["no entry", "/etc/link", { rows: (rows) => rows.filter((row) => row["name"] !== "etc/link") }],
    [
      "an entry too many",
      "/etc/more",
      { rows: (rows) => [...rows, { ...rows[2]!, name: "etc/more" }] },
    ],
    [
      "no removal",
      "/etc/gone",
      { rows: (rows) => rows.filter((row) => row["name"] !== "etc/.wh.gone") },
    ],
  ];

describe.each(["zstd:chunked", "eStargz"] as const)("a table of contents of %s", (kind) => {
  it("that says what its layer has is no finding", async () => {
    expect((await verifyTable(kind, {})).findings).toEqual([]);
  });

  it.each(DEFECTS)("with %s is found, and nothing else", async (_, path, change) => {
    const { findings, ok } = await verifyTable(kind, change);
    expect(findings).toMatchObject([
      { code: "wrong-table", severity: "error", path, layer: { number: 0 } },
    ]);
    expect(findings).toHaveLength(1);
    expect(ok).toBe(false);
  });

  it("that has not the digest of the manifest is found", async () => {
    const annotations = (own: Record<string, string>): Record<string, string> =>
      Object.fromEntries(
        Object.entries(own).map(([key, value]) => [
          key,
          value.startsWith("sha256:") ? OTHER : value,
        ]),
      );
    const { findings } = await verifyTable(kind, { annotations });
    expect(findings).toMatchObject([{ code: "wrong-table", severity: "error", path: undefined }]);
  });
});
