// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { once } from "../bytes/bytes.ts";
import { OciError } from "../oci/errors.ts";
import { ownedName } from "./owned-name.ts";
import { openSeekable } from "./seekable-file.ts";
import { fileError, systemCode, writing } from "./system-error.ts";
import { writeOutput } from "./write-output.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-full-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const failing = (code: string): Error => Object.assign(new Error(`${code}: no room`), { code });

describe("the error of a disk without room", () => {
  it("names what could not be written, where room is needed, and what chooses another place", async () => {
    const written = writeOutput("/dev/full", once(Buffer.from("x")));
    await expect(written).rejects.toMatchObject({
      code: "unwritable",
      message: expect.stringMatching(
        /^"\/dev\/full": expected a writable file, got no space left on device \(ENOSPC\)/,
      ) as string,
      hint: expect.stringMatching(
        /^Make room on the disk that holds \/dev, .*OCI_KIT_CACHE/,
      ) as string,
    });
  });

  it.each(["ENOSPC", "EDQUOT"])("has a hint for %s", (code) => {
    expect(fileError("unwritable", "/some/where/file", failing(code))).toMatchObject({
      code: "unwritable",
      details: { path: "/some/where/file", errno: code },
      hint: expect.stringContaining("Make room on the disk that holds /some/where,") as string,
    });
  });

  it("has none for anything else, but one for what is not allowed", () => {
    expect(fileError("unwritable", "/file", failing("EIO")).hint).toBeUndefined();
    expect(fileError("unwritable", "/file", failing("EACCES")).hint).toContain("may write");
    expect(fileError("unreadable", "/file", failing("EACCES")).hint).toContain("may read");
  });

  it("names the directory of a temporary file, whose own name says nothing", () => {
    const stage = join("/some/where", ownedName(".oci-kit.archive"));
    for (const path of [stage, join(stage, "layout", ownedName(".oci-kit.ingest"))]) {
      expect(fileError("unwritable", path, failing("ENOSPC"))).toMatchObject({
        message: '"/some/where": expected a writable directory, got no room (ENOSPC)',
        hint: expect.stringContaining("the disk that holds /some/where,") as string,
      });
    }
    const here = fileError("unwritable", ownedName("x"), failing("EROFS"), "oci-archive:x.tar");
    expect(here.message).toMatch(
      /^"\.": expected a writable directory for oci-archive:x\.tar, got/,
    );
    expect(here.hint).toContain("mounted read-only");
  });

  it("says what a temporary file is for", async () => {
    const spoolDirectory = join(directory, "file");
    writeFileSync(spoolDirectory, "");
    const input = once(Buffer.from("x"));
    const opened = openSeekable("-", { input, spoolDirectory });
    await expect(opened).rejects.toMatchObject({
      code: "unwritable",
      message: expect.stringContaining(
        'expected a writable directory for the content of "-", which is kept until it was read, got file already exists (EEXIST)',
      ) as string,
    });
    const work = (): never => {
      throw failing("ENOSPC");
    };
    expect(() => writing("/file", work, "a blob")).toThrow(
      "writable file for a blob, got no room (ENOSPC)",
    );
  });

  it("does not take the place of an error that was made already", () => {
    const own = new OciError("aborted", "stop");
    const work = (): never => {
      throw own;
    };
    expect(systemCode(own)).toBeUndefined();
    expect(() => writing("/file", work)).toThrow(expect.toSatisfy((error) => error === own));
  });
});
