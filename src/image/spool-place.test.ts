// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { spoolPlaceBeside } from "./spool-place.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-spool-place-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("the directory for data that is kept while a target is written", () => {
  it("is the nearest existing directory above an archive", () => {
    const file = join(directory, "not/yet/image.tar");
    expect(spoolPlaceBeside({ kind: "oci-archive", file })).toBe(directory);
  });

  it.each(["-", "/dev/stdout", "/dev/fd/1"])(
    "is undefined for %s, which is standard output",
    (file) => {
      expect(spoolPlaceBeside({ kind: "oci-archive", file })).toBeUndefined();
      expect(spoolPlaceBeside({ kind: "docker-archive", file })).toBeUndefined();
    },
  );
});
