// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { open as openFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { once, type Bytes } from "../../bytes/bytes.ts";
import { compress } from "../../bytes/compression.ts";
import { drain } from "../../bytes/streams/read-all.ts";
import { buildImage } from "../../testing/build-image.ts";
import { paxHeader, rawEntry, rawTar } from "../../testing/raw-tar.ts";
import { chunked, collect } from "../../testing/store-contract/store-content.ts";
import { createOciArchive, openOciArchive } from "./oci-archive.ts";
import { openOuterArchive, type OpenArchiveOptions, type OuterArchive } from "./outer-archive.ts";

let directory: string;
let file: string;
const opened: OuterArchive[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-outer-"));
  file = join(directory, "archive.tar");
});
afterEach(async () => {
  for (const archive of opened.splice(0)) await archive.close();
  await rm(directory, { recursive: true });
});

async function openTar(bytes: Uint8Array, options: OpenArchiveOptions = {}): Promise<OuterArchive> {
  writeFileSync(file, bytes);
  const archive = await openOuterArchive(file, "test", options);
  opened.push(archive);
  return archive;
}

const hello = rawEntry({ name: "a/hello" }, "hello");

describe("an archive", () => {
  it("finds files by name at any position", async () => {
    const long = `${"d/".repeat(100)}file`;
    const archive = await openTar(
      rawTar(
        rawEntry({ name: "./" }, ""),
        rawEntry({ name: "a/", typeFlag: "5" }),
        hello,
        paxHeader({ path: long }),
        rawEntry({ name: "short" }, "x".repeat(1_000)),
        rawEntry({ name: "./last/", typeFlag: "5" }),
        rawEntry({ name: "./last/one" }, "1"),
      ),
    );
    const whole = await collect(archive.read(archive.find("a/hello")));
    expect(new TextDecoder().decode(whole)).toBe("hello");
    expect(archive.find(long).size).toBe(1_000);
    const found = archive.find("a/hello");
    const part = { ...found, offset: found.offset + 3, size: 2 };
    const tail = archive.read(part);
    expect(new TextDecoder().decode(await collect(tail))).toBe("lo");
    expect(archive.has("last/one")).toBe(true);
    expect(() => archive.find("nothing")).toThrow(expect.objectContaining({ code: "not-found" }));
  });
  it("follows links to its own entries, and no others", async () => {
    const archive = await openTar(
      rawTar(
        hello,
        rawEntry({ name: "b/soft", typeFlag: "2", linkName: "../a/./hello" }),
        rawEntry({ name: "hard", typeFlag: "1", linkName: "a/hello" }),
        rawEntry({ name: "absolute", typeFlag: "2", linkName: "/etc/passwd" }),
        rawEntry({ name: "loop", typeFlag: "2", linkName: "loop" }),
        rawEntry({ name: "device", typeFlag: "3" }),
      ),
    );
    expect(archive.find("b/soft").size).toBe(5);
    expect(archive.find("hard").size).toBe(5);
    const failures = { absolute: "not-found", loop: "link-loop", device: "invalid-archive" };
    for (const [name, code] of Object.entries(failures)) {
      expect(() => archive.find(name)).toThrow(expect.objectContaining({ code }));
    }
  });
  const hostile: Record<string, [Uint8Array, string]> = {
    "one name twice": [rawTar(hello, hello), "invalid-archive"],
    "one name twice, written differently": [
      rawTar(hello, rawEntry({ name: "./a//hello" }, "other")),
      "invalid-archive",
    ],
    "a name that leads out of the archive": [
      rawTar(rawEntry({ name: "../../etc/x" }, "x")),
      "path-escape",
    ],
    "a symbolic link that leads out of the archive": [
      rawTar(rawEntry({ name: "a/b", typeFlag: "2", linkName: "../../x" })),
      "path-escape",
    ],
    "a hard link that leads out of the archive": [
      rawTar(rawEntry({ name: "a/b", typeFlag: "1", linkName: "../x" })),
      "path-escape",
    ],
    "an end in the middle of a file": [rawTar(hello).subarray(0, 515), "truncated"],
    "a file that is larger than the archive": [
      rawTar(rawEntry({ name: "a", size: 1e9 }, "x")),
      "truncated",
    ],
    "a header that is larger than any name": [
      rawTar(rawEntry({ name: "p", typeFlag: "x", size: 5e6 }, "x")),
      "invalid-archive",
    ],
    "bytes that are not a tar": [new Uint8Array(4096).fill(7), "invalid-archive"],
    "nothing at all": [new Uint8Array(), "invalid-archive"],
    "an end of archive without entries": [rawTar(), "invalid-archive"],
  };
  for (const [what, [bytes, code]] of Object.entries(hostile)) {
    it(`is refused for ${what}`, async () => {
      await expect(openTar(bytes)).rejects.toMatchObject({ code });
    });
  }
  it("is refused for too many entries", async () => {
    const names = Array.from({ length: 21 }, (_, at) => rawEntry({ name: `f${at}` }));
    await openTar(rawTar(...names.slice(1)), { limits: { children: 2 } });
    const opening = openTar(rawTar(...names), { limits: { children: 2 } });
    await expect(opening).rejects.toMatchObject({ code: "limit-exceeded" });
  });
  it("can't be read after it was closed, even if another file has its descriptor's number by then", async () => {
    const archive = await openTar(rawTar(hello, rawEntry({ name: "big" }, "x".repeat(600_000))));
    const begun = archive.read(archive.find("big"))[Symbol.asyncIterator]();
    await begun.next();
    const later = archive.read(archive.find("a/hello"));
    await archive.close();
    await archive.close();
    const other = await openFile(file);
    await expect(drain(later)).rejects.toMatchObject({ code: "unreadable" });
    await expect(begun.next()).rejects.toMatchObject({ code: "unreadable" });
    await other.close();
  });
});

describe("an archive that is not a plain file", () => {
  const tar = rawTar(hello);
  const spooled = (): string[] => readdirSync(tmpdir()).filter((name) => name.includes("spool"));

  for (const compression of ["gzip", "zstd"] as const) {
    it(`is decompressed when it is ${compression}, and leaves nothing behind`, async () => {
      const before = spooled();
      const archive = await openTar(await collect(compress(once(tar), compression)));
      expect(archive.find("a/hello").size).toBe(5);
      expect(spooled()).toEqual(before);
    });
  }
  it("is read from a stream, in chunks of any size", async () => {
    const packed = await collect(compress(once(tar), "gzip"));
    for (const bytes of [tar, packed]) {
      for (const size of [1, 7, 100_000]) {
        const archive = await openOuterArchive("-", "test", { input: chunked(bytes, size) });
        opened.push(archive);
        expect(await drain(archive.read(archive.find("a/hello")))).toBe(5);
      }
    }
  });
  it("is read from a fifo", async () => {
    execFileSync("mkfifo", [file]);
    const opening = openOuterArchive(file, "test");
    const writer = await openFile(file, "w");
    await writer.writeFile(tar);
    await writer.close();
    const archive = await opening;
    opened.push(archive);
    expect(archive.has("a/hello")).toBe(true);
  });
  it("gives an error that names what can't be read", async () => {
    await expect(openTar(Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0))).rejects.toMatchObject({
      code: "unsupported-compression",
      message: expect.stringContaining("xz") as string,
    });
    await expect(openTar(Uint8Array.of(0x1f, 0x8b, 8, 0))).rejects.toMatchObject({
      code: "truncated",
    });
    await expect(openOuterArchive(join(directory, "no"), "test")).rejects.toMatchObject({
      code: "not-found",
    });
    mkdirSync(join(directory, "dir"));
    await expect(openOuterArchive(join(directory, "dir"), "test")).rejects.toMatchObject({
      code: "invalid-archive",
    });
  });
  it("passes on an error of its stream", async () => {
    const input = async function* (): Bytes {
      yield await Promise.resolve(tar.subarray(0, 600));
      throw new Error("the network is gone");
    };
    const opening = openOuterArchive("-", "test", { input: input() });
    await expect(opening).rejects.toThrow("the network is gone");
  });
});

describe("an oci-archive", () => {
  it("needs both of the layout's documents", async () => {
    const layout = rawEntry({ name: "oci-layout" }, '{"imageLayoutVersion":"1.0.0"}');
    for (const bytes of [rawTar(hello), rawTar(layout)]) {
      writeFileSync(file, bytes);
      await expect(openOciArchive(file)).rejects.toMatchObject({ code: "invalid-archive" });
    }
    writeFileSync(file, rawTar(rawEntry({ name: "manifest.json" }, "[]")));
    await expect(openOciArchive(file)).rejects.toMatchObject({
      hint: expect.stringContaining("docker-archive") as string,
    });
  });
  it("never yields wrong bytes as if they were right", async () => {
    const writer = await createOciArchive(file);
    const { layers } = await buildImage(writer, { tag: "t", layers: [{ a: "a" }] });
    await writer.close();
    const reader = await openOciArchive(file);
    const handle = await openFile(file, "r+");
    const { size } = await handle.stat();
    await handle.write(new Uint8Array(size).fill(0x55), 0, size, 0);
    await handle.close();
    await expect(drain(reader.fetch(layers[0]!))).rejects.toMatchObject({
      code: "digest-mismatch",
    });
    await reader.close();
  });
});
