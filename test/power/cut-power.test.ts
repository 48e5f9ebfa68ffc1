// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRandom } from "../fuzz/random.ts";
import { cutPower, everythingOf, writeState, type DiskState } from "./cut-power.ts";
import { recordDisk, type RecordedDisk } from "./record-disk.ts";

let top: string;
let disk: RecordedDisk;

beforeEach(() => {
  top = fs.mkdtempSync(join(tmpdir(), "oci-kit-cut-"));
  fs.mkdirSync(join(top, "disk"));
  disk = recordDisk(join(top, "disk"));
});
afterEach(() => {
  disk.stop();
  fs.rmSync(top, { recursive: true });
});

const at = (name: string): string => join(disk.directory, name);

/** The different contents that the disk has after many power cuts at this moment, each as text. */
function outcomes(): Set<string> {
  const random = createRandom(1);
  const next = (): number => random.below(2 ** 32) / 2 ** 32;
  return new Set(Array.from({ length: 500 }, () => textOf(cutPower(disk.log, disk.now(), next))));
}

function textOf(state: DiskState): string {
  return [...state.namesIn(state.root)]
    .map(([name, inode]) => `${name}=${Buffer.from(state.contentOf(inode)).toString("latin1")}`)
    .sort()
    .join(" ");
}

/** Writes a new file, renames it over the old one, and syncs the file or the directory as told. */
function replace(text: string, ...synced: readonly ("file" | "directory")[]): void {
  const fd = fs.openSync(at("new"), "wx");
  fs.writeSync(fd, Buffer.from(text));
  if (synced.includes("file")) fs.fsyncSync(fd);
  fs.closeSync(fd);
  fs.renameSync(at("new"), at("file"));
  if (!synced.includes("directory")) return;
  const directory = fs.openSync(disk.directory, "r");
  fs.fsyncSync(directory);
  fs.closeSync(directory);
}

describe("a simulated power cut", () => {
  it("keeps a file that was synced together with its directory", () => {
    replace("ab", "file", "directory");
    expect(outcomes()).toEqual(new Set(["file=ab"]));
  });

  it("can lose the name of a file that was synced without its directory", () => {
    replace("ab", "file");
    expect(outcomes()).toEqual(new Set(["", "file=ab", "new=ab", "file=ab new=ab"]));
  });

  it("can lose or tear the bytes of a file that was not synced", () => {
    replace("ab", "directory");
    expect(outcomes()).toEqual(new Set(["file=", "file=ab", "file=\0\0"]));
  });

  it("leaves the old or the new file when a synced file replaces another, never neither", () => {
    replace("ab", "file", "directory");
    replace("cd", "file");
    const found = outcomes();
    expect(found).toContain("file=ab");
    expect(found).toContain("file=cd");
    expect([...found].every((text) => /\bfile=(ab|cd)/.test(text))).toBe(true);
  });

  it("can lose a whole directory whose parent was not synced", () => {
    fs.mkdirSync(at("d"));
    fs.writeFileSync(at("d/f"), "x", { flush: true });
    expect(outcomes()).toEqual(new Set(["", "d="]));
  });

  it("keeps everything when the whole file system was synced", async () => {
    const { syncFilesystems } = await import("../../src/files/sync/sync-filesystems.ts");
    replace("ab");
    expect(await syncFilesystems([disk.directory])).toBe(true);
    expect(outcomes()).toEqual(new Set(["file=ab"]));
  });

  it("can be left out: the recorded changes then give the real content of the disk", () => {
    replace("ab");
    fs.mkdirSync(at("d"));
    fs.symlinkSync("file", at("link"));
    fs.linkSync(at("file"), at("d/hard"));
    fs.rmSync(at("link"));
    writeState(everythingOf(disk.log), join(top, "again"));
    expect(fs.readdirSync(join(top, "again"))).toEqual(["d", "file"]);
    expect(fs.readFileSync(join(top, "again/d/hard"), "utf8")).toBe("ab");
  });
});
