// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromBytes, type ByteString } from "../bytes/byte-string.ts";
import { drain, readAll } from "../bytes/streams/read-all.ts";
import { resolvePath } from "../rootfs/resolve-path.ts";
import { b, elf } from "../../test/fixtures/layers.ts";
import { openPathWalk, openWalk } from "./directory-walk.ts";
import { openDirectory, type DirectoryFilesystem } from "./directory.ts";

let base: string;
let root: DirectoryFilesystem;

beforeEach(() => {
  base = fs.mkdtempSync(join(tmpdir(), "directory-"));
  fs.mkdirSync(join(base, "root/usr/bin"), { recursive: true });
  fs.writeFileSync(join(base, "outside"), "secret");
});

afterEach(() => {
  root.close();
  fs.rmSync(base, { recursive: true, force: true });
});

const WALKS = [
  ["through descriptors, where the system has them", (directory: string) => openWalk(directory)],
  ["by checking each component", (directory: string) => openPathWalk(directory)],
] as const;

async function textOf(path: ByteString): Promise<string> {
  return fromBytes(await readAll(root.read(path), 1e6, path));
}

describe.each(WALKS)("a plain directory that is walked %s", (_, open) => {
  function openRoot(): void {
    const directory = join(base, "root");
    root = openDirectory(directory, { walk: open(directory) });
  }
  const inRoot = (path: string): string => join(base, "root", path);

  it("shows what is on the disk", async () => {
    fs.writeFileSync(inRoot("usr/bin/tool"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
    fs.utimesSync(inRoot("usr/bin/tool"), 1_000_000, 1_234_567.5);
    fs.symlinkSync("/etc/x", inRoot("usr/link"));
    openRoot();
    expect(root.lstat(b("/"))?.type).toBe("directory");
    expect(root.lstat(b("/usr/bin/tool"))).toMatchObject({
      type: "file",
      mode: 0o755,
      size: 17,
      mtime: 1_234_567,
      mtimeNanoseconds: 500_000_000,
      head: "#!/bin/sh",
      contentDigest: undefined,
    });
    expect(root.lstat(b("/usr/link"))).toMatchObject({ type: "symlink", linkTarget: "/etc/x" });
    expect(root.list(b("/usr"))).toEqual(["bin", "link"]);
    expect(root.list(b("/"))).toEqual(["usr"]);
    expect(await textOf(b("/usr/bin/tool"))).toBe("#!/bin/sh\nexit 0\n");
  });

  it("never follows a link, neither at the end of a path nor among its parents", async () => {
    fs.symlinkSync(base, inRoot("out"));
    fs.symlinkSync(join(base, "outside"), inRoot("file"));
    fs.symlinkSync("../..", inRoot("usr/up"));
    openRoot();
    expect(root.lstat(b("/out/outside"))).toBeUndefined();
    expect(root.lstat(b("/usr/up/outside"))).toBeUndefined();
    expect(() => root.list(b("/out"))).toThrow(expect.objectContaining({ code: "not-found" }));
    await expect(drain(root.read(b("/out/outside")))).rejects.toMatchObject({ code: "not-found" });
    await expect(drain(root.read(b("/file")))).rejects.toMatchObject({ code: "invalid-argument" });
  });

  it("resolves absolute links inside itself, even when this machine has files at their targets", () => {
    fs.mkdirSync(inRoot(base), { recursive: true });
    fs.writeFileSync(inRoot(`${base}/outside`), "inside");
    fs.symlinkSync(`${base}/outside`, inRoot("usr/bin/cc"));
    openRoot();
    const { path, node } = resolvePath(root, b("/usr/bin/cc"));
    expect(path).toBe(`${base}/outside`);
    expect(node?.size).toBe("inside".length);
  });

  it("finds nothing at paths that do not exist", async () => {
    fs.writeFileSync(inRoot("file"), "");
    openRoot();
    expect(root.lstat(b("/no"))).toBeUndefined();
    expect(root.lstat(b("/no/where"))).toBeUndefined();
    expect(root.lstat(b("/file/x"))).toBeUndefined();
    expect(root.lstat(b(`/${"n".repeat(300)}`))).toBeUndefined();
    expect(root.lstat(b("/zero\0byte"))).toBeUndefined();
    expect(root.lstat(b("/zero\0byte/x"))).toBeUndefined();
    expect(() => root.list(b("/file"))).toThrow(expect.objectContaining({ code: "not-found" }));
    await expect(drain(root.read(b("/no")))).rejects.toMatchObject({ code: "not-found" });
  });

  it("never reports an absent path as unreadable, nor an unreadable one as absent", async () => {
    fs.mkdirSync(inRoot("shut"));
    fs.writeFileSync(inRoot("shut/x"), "x");
    fs.writeFileSync(inRoot("locked"), "x", { mode: 0 });
    fs.chmodSync(inRoot("shut"), 0);
    openRoot();
    try {
      // Root may read everything.
      if (process.getuid?.() === 0) {
        expect(root.lstat(b("/shut/x"))?.type).toBe("file");
        expect(await textOf(b("/locked"))).toBe("x");
      } else {
        const unreadable = expect.objectContaining({ code: "unreadable" }) as Error;
        expect(() => root.lstat(b("/shut/x"))).toThrow(unreadable);
        expect(() => root.list(b("/shut"))).toThrow(unreadable);
        expect(() => root.lstat(b("/locked"))?.head).toThrow(unreadable);
        await expect(drain(root.read(b("/locked")))).rejects.toMatchObject({ code: "unreadable" });
      }
    } finally {
      fs.chmodSync(inRoot("shut"), 0o700);
    }
  });

  it("gives hard links one shared node, and files with a single name a node of their own", () => {
    fs.writeFileSync(inRoot("a"), "x");
    fs.linkSync(inRoot("a"), inRoot("usr/b"));
    fs.writeFileSync(inRoot("c"), "x");
    openRoot();
    expect(root.lstat(b("/a"))).toBe(root.lstat(b("/usr/b")));
    expect(root.lstat(b("/c"))).not.toBe(root.lstat(b("/a")));
  });

  it("reads the first bytes of ELF files and scripts, but only when asked", () => {
    fs.writeFileSync(inRoot("elf"), Buffer.concat([elf("arm64"), Buffer.alloc(500)]));
    fs.writeFileSync(inRoot("text"), "text");
    fs.writeFileSync(inRoot("empty"), "");
    openRoot();
    expect(root.lstat(b("/elf"))?.head).toBe(fromBytes(elf("arm64")));
    expect(root.lstat(b("/text"))?.head).toBeUndefined();
    expect(root.lstat(b("/empty"))?.head).toBeUndefined();
    expect(root.lstat(b("/usr"))?.head).toBeUndefined();
  });

  it("lists names sorted by bytes, whatever was asked before", () => {
    for (const name of ["b", "B", "a", "\u00e4", "z"]) fs.mkdirSync(inRoot(`usr/${name}`));
    openRoot();
    expect(root.lstat(b("/usr/bin/no"))).toBeUndefined();
    expect(root.list(b("/usr"))).toEqual(["B", "a", "b", "bin", "z", b("\u00e4")]);
    expect(root.lstat(b("/usr/z/x"))).toBeUndefined();
    expect(root.list(b("/usr/\u00e4"))).toEqual([]);
    expect(root.list(b("/"))).toEqual(["usr"]);
  });
});

describe.runIf(process.platform === "linux")("a plain directory on Linux", () => {
  function openRoot(): void {
    root = openDirectory(join(base, "root"));
  }

  it("keeps names that are not UTF-8", async () => {
    const name = Buffer.from([0x63, 0xe9, 0xff]);
    fs.writeFileSync(Buffer.concat([Buffer.from(`${base}/root/`), name]), "bytes");
    openRoot();
    const path = `/${fromBytes(name)}` as ByteString;
    expect(root.list(b("/"))).toContain(fromBytes(name));
    expect(root.lstat(path)?.size).toBe(5);
    expect(await textOf(path)).toBe("bytes");
  });

  it("never opens a fifo (CVE-2024-9676), and does not take a socket for a file", async () => {
    execFileSync("mkfifo", [join(base, "root/passwd")]);
    const server = createServer().listen(join(base, "root/socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    openRoot();
    expect(root.lstat(b("/passwd"))).toMatchObject({ type: "fifo", size: 0, head: undefined });
    expect(root.lstat(b("/socket"))?.type).toBe("socket");
    for (const path of ["/passwd", "/socket", "/usr"]) {
      await expect(drain(root.read(b(path)))).rejects.toMatchObject({ code: "invalid-argument" });
    }
    await new Promise((resolve) => server.close(resolve));
  });

  it("gives the numbers of a device", () => {
    root = openDirectory("/dev");
    expect(root.lstat(b("/null"))).toMatchObject({
      type: "character",
      deviceMajor: 1,
      deviceMinor: 3,
    });
  });

  it("never leads outside when a directory is replaced by a link during the walk (CVE-2025-47290)", async () => {
    fs.writeFileSync(join(base, "root/usr/bin/cc"), "inside");
    fs.mkdirSync(join(base, "evil"));
    fs.writeFileSync(join(base, "evil/cc"), "evil");
    openRoot();
    expect(root.lstat(b("/usr/bin/cc"))?.size).toBe(6);
    fs.renameSync(join(base, "root/usr/bin"), join(base, "root/usr/moved"));
    fs.symlinkSync(join(base, "evil"), join(base, "root/usr/bin"));
    // The directory that was already open still answers; opened anew it is a link, which leads nowhere.
    expect(await textOf(b("/usr/bin/cc"))).toBe("inside");
    expect(root.list(b("/"))).toEqual(["usr"]);
    expect(root.lstat(b("/usr/bin/cc"))).toBeUndefined();
  });

  it("leaves no descriptor open", async () => {
    const count = (): number => fs.readdirSync("/proc/self/fd").length;
    fs.writeFileSync(join(base, "root/usr/bin/cc"), "#!x");
    const before = count();
    for (let round = 0; round < 20; round += 1) {
      openRoot();
      expect(root.lstat(b("/usr/bin/cc"))?.head).toBe("#!x");
      expect(root.lstat(b("/usr/bin/cc/x/y"))).toBeUndefined();
      for await (const chunk of root.read(b("/usr/bin/cc"))) if (chunk.length > 0) break;
      root.close();
      root.close();
    }
    expect(count()).toBe(before);
  });
});

describe("opening a plain directory", () => {
  it("refuses a path that does not exist or is not a directory", () => {
    root = openDirectory(base);
    const open = (path: string) => () => openDirectory(join(base, path));
    expect(open("no")).toThrow(expect.objectContaining({ code: "not-found" }));
    expect(open("outside")).toThrow(expect.objectContaining({ code: "invalid-argument" }));
  });

  it("gives a filesystem that refuses every question once it is closed", () => {
    root = openDirectory(base);
    root.close();
    expect(() => root.lstat(b("/x"))).toThrow(/closed/);
    expect(() => root.list(b("/"))).toThrow(/closed/);
  });
});
