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

describe("what has to be kept on its way", () => {
  it("lies beside an archive, in the nearest directory that is there", () => {
    const file = join(directory, "not/yet/image.tar");
    expect(spoolPlaceBeside({ kind: "oci-archive", file })).toBe(directory);
  });

  it.each(["-", "/dev/stdout", "/dev/fd/1"])("never lies beside %s, which is no place", (file) => {
    expect(spoolPlaceBeside({ kind: "oci-archive", file })).toBeUndefined();
    expect(spoolPlaceBeside({ kind: "docker-archive", file })).toBeUndefined();
  });
});
