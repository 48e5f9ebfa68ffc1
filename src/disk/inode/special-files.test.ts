// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeNode } from "../../../test/fixtures/nodes.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import { createMetadataPolicy, type MetadataPolicy } from "../metadata-policy.ts";
import { applyMetadata } from "./apply-metadata.ts";
import { makeSpecialFiles } from "./special-files.ts";

let base: string;
let directoryFd: number;
let policy: MetadataPolicy;

beforeEach(() => {
  base = fs.mkdtempSync(join(tmpdir(), "special-"));
  directoryFd = fs.openSync(base, fs.constants.O_RDONLY);
  policy = createMetadataPolicy();
});

afterEach(() => {
  fs.closeSync(directoryFd);
  fs.rmSync(base, { recursive: true, force: true });
});

const FIFO = makeNode({ type: "fifo" });
const NULL_DEVICE = makeNode({ type: "character", deviceMajor: 1, deviceMinor: 3 });

function withPath(path: string, work: () => void): void {
  const before = process.env["PATH"];
  process.env["PATH"] = path;
  try {
    work();
  } finally {
    process.env["PATH"] = before;
  }
}

describe.runIf(process.platform === "linux")("special files", () => {
  const make = (files: Readonly<Record<string, Node>>): void => {
    const list = Object.entries(files).map(([name, node]) => ({ name, node }));
    makeSpecialFiles(directoryFd, list, policy);
  };
  const statOf = (name: string): fs.Stats => fs.lstatSync(join(base, name));

  it("are made many at once, accessible to their owner alone", () => {
    const names = Array.from({ length: 300 }, (_, at) => `0-${at}`);
    make(Object.fromEntries(names.map((name) => [name, FIFO])));
    expect(names.every((name) => statOf(name).isFIFO())).toBe(true);
    expect(statOf("0-0").mode & 0o7777).toBe(0o600);
    expect(policy.refusals.special.size).toBe(0);
  });

  it("are devices with the given numbers, or else empty files with a reason", () => {
    const big = { deviceMajor: 259, deviceMinor: 70_000 };
    const block = makeNode({ type: "block", ...big });
    make({ "0-1": NULL_DEVICE, "0-2": block, "0-3": FIFO });
    expect(statOf("0-3").isFIFO()).toBe(true);
    const refused = policy.refusals.special.get("block");
    if (refused === undefined) {
      expect(statOf("0-1").isCharacterDevice()).toBe(true);
      expect(statOf("0-1").rdev).toBe(0x103);
      expect(statOf("0-2").isBlockDevice()).toBe(true);
      const { rdev } = statOf("0-2");
      expect([(rdev >> 8) & 0xfff, (rdev & 0xff) | ((rdev >> 12) & 0xfff00)]).toEqual([
        259, 70_000,
      ]);
    } else {
      expect(refused).toBe("Operation not permitted");
      expect(policy.refusals.special.get("character")).toBe("Operation not permitted");
      for (const name of ["0-1", "0-2"]) {
        expect([statOf(name).isFile(), statOf(name).size]).toEqual([true, 0]);
        expect(statOf(name).mode & 0o7777).toBe(0o600);
      }
    }
  });

  it("get their metadata without being opened", () => {
    make({ fifo: FIFO });
    const node = makeNode({
      type: "fifo",
      mode: 0o622,
      mtime: 9,
      uid: statOf("fifo").uid,
      gid: statOf("fifo").gid,
    });
    applyMetadata({ path: `/proc/self/fd/${directoryFd}/fifo` }, node, policy);
    const { mode, mtimeMs } = statOf("fifo");
    expect([mode & 0o7777, mtimeMs]).toEqual([0o622, 9000]);
  });

  it("are made in the directory that was opened, even after it was moved and a link took its place", () => {
    const moved = `${base}-moved`;
    fs.renameSync(base, moved);
    fs.mkdirSync(`${base}-outside`);
    fs.symlinkSync(`${base}-outside`, base);
    try {
      make({ "0-1": FIFO });
      expect(fs.readdirSync(`${base}-outside`)).toEqual([]);
      expect(fs.readdirSync(moved)).toEqual(["0-1"]);
    } finally {
      fs.unlinkSync(base);
      fs.rmdirSync(`${base}-outside`);
      fs.renameSync(moved, base);
    }
  });

  it("are replaced by empty files, with the reason, when there is no shell", () => {
    withPath(join(base, "no"), () => {
      make({ "0-1": FIFO });
    });
    expect(statOf("0-1").isFile()).toBe(true);
    expect([...policy.refusals.special]).toEqual([["fifo", "sh can't be run here"]]);
  });

  it("are replaced by empty files, with the reason, when the shell has no such command", () => {
    fs.mkdirSync(join(base, "bin"));
    const shell = ["/bin/sh", "/usr/bin/sh"].find((path) => fs.existsSync(path))!;
    fs.symlinkSync(shell, join(base, "bin/sh"));
    withPath(join(base, "bin"), () => {
      make({ "0-1": FIFO, "0-2": NULL_DEVICE });
    });
    const reason = "mknod and mkfifo are not installed here";
    expect(Object.fromEntries(policy.refusals.special)).toEqual({
      fifo: reason,
      character: reason,
    });
  });

  it.each(["", "a b", "../x", "-m", "$(id)", "a\nb", "a;b", "a/b", "\u00e9"])(
    "are not made under the name %j",
    (name) => {
      expect(() => {
        make({ "0-1": FIFO, [name]: FIFO });
      }).toThrow(expect.objectContaining({ code: "invalid-argument" }));
      expect(fs.readdirSync(base)).toEqual([]);
    },
  );

  it("can only be fifos and devices", () => {
    expect(() => {
      make({ "0-1": makeNode() });
    }).toThrow('got file "0-1"');
  });

  it("never replace what exists already", () => {
    fs.writeFileSync(join(base, "0-1"), "mine");
    expect(() => {
      make({ "0-1": FIFO });
    }).toThrow(expect.objectContaining({ code: "unwritable" }));
    expect(fs.readFileSync(join(base, "0-1"), "utf8")).toBe("mine");
  });

  it("need no shell when there are none to make", () => {
    withPath(join(base, "no"), () => {
      make({});
    });
    expect(policy.refusals.special.size).toBe(0);
  });
});
