// SPDX-License-Identifier: MIT
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { once, type Bytes } from "../bytes/bytes.ts";
import { writeOutput } from "./write-output.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-output-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("an output", () => {
  it("replaces a file, and leaves nothing beside it", async () => {
    const path = join(directory, "a");
    writeFileSync(path, "before");
    await writeOutput(path, once(Buffer.from("after")));
    expect(readFileSync(path, "utf8")).toBe("after");
    expect(readdirSync(directory)).toEqual(["a"]);
  });

  it("leaves the old file when the bytes fail or the write is aborted", async () => {
    const path = join(directory, "a");
    writeFileSync(path, "before");
    const failing = async function* (): Bytes {
      yield* once(Buffer.from("half"));
      throw new Error("damaged");
    };
    await expect(writeOutput(path, failing())).rejects.toThrow("damaged");
    const signal = AbortSignal.abort();
    const aborted = writeOutput(path, once(Buffer.from("half")), { signal });
    await expect(aborted).rejects.toMatchObject({ code: "aborted" });
    expect(readFileSync(path, "utf8")).toBe("before");
    expect(readdirSync(directory)).toEqual(["a"]);
  });

  it("names the path in the error when it can't be written", async () => {
    const path = join(directory, "no/such");
    await expect(writeOutput(path, once(Buffer.from("x")))).rejects.toMatchObject({
      code: "not-found",
    });
  });

  it("keeps the permissions of the old file, and is readable by all when it is new", async () => {
    const path = join(directory, "a");
    writeFileSync(path, "before");
    chmodSync(path, 0o600);
    await writeOutput(path, once(Buffer.from("after")));
    expect(statSync(path).mode & 0o7777).toBe(0o600);
    await writeOutput(join(directory, "new"), once(Buffer.from("x")));
    writeFileSync(join(directory, "like"), "", { mode: 0o644 });
    const [mode, like] = ["new", "like"].map((name) => statSync(join(directory, name)).mode);
    expect(mode).toBe(like);
  });

  it("that is a link is written to the file that the link names, even if that does not exist yet", async () => {
    mkdirSync(join(directory, "elsewhere"));
    symlinkSync("elsewhere/file", join(directory, "first"));
    symlinkSync("first", join(directory, "link"));
    for (const text of ["one", "two"]) {
      await writeOutput(join(directory, "link"), once(Buffer.from(text)));
      expect(readFileSync(join(directory, "elsewhere/file"), "utf8")).toBe(text);
    }
    expect(readlinkSync(join(directory, "link"))).toBe("first");
    expect(readdirSync(directory).sort()).toEqual(["elsewhere", "first", "link"]);
    expect(readdirSync(join(directory, "elsewhere"))).toEqual(["file"]);
  });

  it("that is a circle of links or a directory is refused and left as it is", async () => {
    symlinkSync("b", join(directory, "a"));
    symlinkSync("a", join(directory, "b"));
    mkdirSync(join(directory, "d"));
    for (const name of ["a", "d"]) {
      await expect(
        writeOutput(join(directory, name), once(Buffer.from("x"))),
      ).rejects.toMatchObject({ code: "unwritable" });
    }
    expect(readdirSync(directory).sort()).toEqual(["a", "b", "d"]);
  });

  it("that is a fifo reaches its reader, even one that opens it later, and stays a fifo", async () => {
    const path = join(directory, "fifo");
    execFileSync("mkfifo", [path]);
    const large = Buffer.alloc(300_000, 7);
    const writing = writeOutput(path, once(large));
    await setTimeout(120);
    const [got] = await Promise.all([readFile(path), writing]);
    expect(got.equals(large)).toBe(true);
    expect(lstatSync(path).isFIFO()).toBe(true);
    expect(readdirSync(directory)).toEqual(["fifo"]);
  });

  it("that is a fifo without a reader waits until it is aborted", async () => {
    const path = join(directory, "fifo");
    execFileSync("mkfifo", [path]);
    const signal = AbortSignal.timeout(80);
    const writing = writeOutput(path, once(Buffer.from("x")), { signal });
    await expect(writing).rejects.toMatchObject({ code: "aborted" });
  });

  it("that is a device is written to, and stays a device", async (context) => {
    const path = join(directory, "null");
    if (spawnSync("mknod", [path, "c", "1", "3"]).status !== 0) context.skip("no root, no devices");
    await writeOutput(path, once(Buffer.from("x")));
    expect(lstatSync(path).isCharacterDevice()).toBe(true);
    expect(readdirSync(directory)).toEqual(["null"]);
  });

  it("that is an open descriptor continues at its position", async (context) => {
    if (process.platform !== "linux") context.skip("no /dev/fd");
    const path = join(directory, "open");
    const fd = openSync(path, "w");
    writeSync(fd, "head ");
    await writeOutput(`/dev/fd/${fd}`, once(Buffer.from("tail")));
    closeSync(fd);
    expect(readFileSync(path, "utf8")).toBe("head tail");
    expect(readdirSync(directory)).toEqual(["open"]);
  });
});
