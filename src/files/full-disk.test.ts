// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, symlinkSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { once } from "../bytes/bytes.ts";
import { createOciArchive } from "../store/archive/oci-archive.ts";
import { withLock } from "./lock.ts";
import { writeOutput } from "./write-output.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-lock-"));
});
afterEach(() => rm(directory, { recursive: true }));

/** Runs work while this process can make files but write nothing into them, as on a full disk. */
async function withoutRoom(work: () => Promise<unknown>): Promise<unknown> {
  const limitTo = (size: string): void => {
    execFileSync("prlimit", ["--pid", String(process.pid), `--fsize=${size}:`]);
  };
  limitTo("0");
  try {
    return await work().catch((error: unknown) => error);
  } finally {
    limitTo("unlimited");
  }
}

it.runIf(process.platform === "linux")(
  "a lock that could not be written holds nobody up, this process included, when there is room again",
  async () => {
    const lock = join(directory, "it");
    const failure = await withoutRoom(() => withLock(lock, () => "held"));
    expect(failure).toMatchObject({ code: "unwritable" });
    expect((failure as Error).message).toContain(`"${directory}": expected a writable directory,`);
    expect(readdirSync(directory)).toEqual([]);
    expect(await withLock(lock, () => "held", { timeout: 0 })).toBe("held");
  },
);

it.runIf(process.platform === "linux")(
  "an archive that could not be begun leaves nothing beside its file",
  async () => {
    const file = join(directory, "image.tar");
    const failure = await withoutRoom(() => createOciArchive(file));
    expect(failure).toMatchObject({ code: "unwritable" });
    expect((failure as Error).message).not.toContain(".oci-kit");
    expect(readdirSync(directory)).toEqual([]);
  },
);

it.runIf(process.platform === "linux")(
  "an output that could not be written is named as it was asked for, not by its temporary file",
  async () => {
    symlinkSync("rootfs.tar", join(directory, "link"));
    for (const file of ["rootfs.tar", "link"].map((name) => join(directory, name))) {
      const written = (): Promise<void> => writeOutput(file, once(Buffer.from("x")));
      expect(await withoutRoom(written)).toMatchObject({
        code: "unwritable",
        message: expect.stringContaining(`"${file}": expected a writable file, got`) as string,
      });
    }
    expect(readdirSync(directory)).toEqual(["link"]);
  },
);
