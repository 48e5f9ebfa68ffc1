// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { fromText } from "../../bytes/byte-string.ts";
import { makeEntry } from "../../layer/make-entry.ts";
import { indexEntries } from "../layer-index/index-builder.ts";
import type { LayerIndex } from "../layer-index/layer-index.ts";
import { compareTable } from "./compare-table.ts";

function at(mtime: number, mtimeNanoseconds: number): LayerIndex {
  const entry = makeEntry({ type: "directory", path: fromText("etc"), mtime, mtimeNanoseconds });
  return indexEntries([{ entry, hex: undefined }]);
}

it("a table of whole seconds tells the same time as its layer, rounded up or down", () => {
  const layer = at(1_700_000_000, 600_000_000);
  expect(compareTable(at(1_700_000_001, 0), layer)).toBeUndefined();
  expect(compareTable(at(1_700_000_000, 0), layer)).toBeUndefined();
  for (const other of [at(1_700_000_002, 0), at(1_700_000_000, 500_000_000)]) {
    expect(compareTable(other, layer)).toMatchObject({ path: "/etc", field: "time" });
  }
});
