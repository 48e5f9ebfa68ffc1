// SPDX-License-Identifier: MIT
import { spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { directory, file, makeImage, symlink, type Piece } from "../../../test/fixtures/layers.ts";
import { makeScratch, type Scratch } from "../../../test/fixtures/unpacking.ts";
import { fromText } from "../../bytes/byte-string.ts";
import { isOciError } from "../../oci/errors.ts";
import { below } from "../../files/proc-path.ts";
import { openFdCursor } from "../staging/directory-cursor.ts";
import { unpack } from "./unpack.ts";

let scratch: Scratch;

beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch.remove());

/** Swaps `root/d` with a link to `outside`, and a file in it with a link, again and again. */
const ATTACKER = `
  const fs = require("node:fs");
  const top = process.argv[1];
  const attempt = (work) => { try { work(); } catch {} };
  process.stdout.write("ready");
  for (;;) {
    attempt(() => fs.renameSync(top + "/root/d", top + "/real"));
    attempt(() => fs.symlinkSync(top + "/outside", top + "/root/d"));
    attempt(() => fs.rmSync(top + "/root/d/victim"));
    attempt(() => fs.symlinkSync(top + "/outside/precious", top + "/root/e/f0"));
    attempt(() => fs.unlinkSync(top + "/root/d"));
    attempt(() => fs.renameSync(top + "/real", top + "/root/d"));
  }`;

async function startAttacker(top: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["-e", ATTACKER, top], { stdio: ["ignore", "pipe", 2] });
  await once(child.stdout!, "data");
  return child;
}

function pieces(content: string): Piece[] {
  return ["d", "e"].flatMap((name) => [
    directory(name, { mode: 0o777, mtime: 1 }),
    directory(`${name}/sub`, { mode: 0o777 }),
    ...Array.from({ length: 60 }, (_, at) =>
      file(`${name}/f${at}`, `${content} ${at}`, { mode: 0o666, uid: 9, mtime: 1 }),
    ),
    symlink(`${name}/precious`, content),
    file(`${name}/sub/deep`, content),
  ]);
}

/** Everything that a write or a metadata change outside would alter. */
function outsideFacts(outside: string): unknown {
  return [outside, `${outside}/precious`, `${outside}/sub`].map((path) => {
    const { mode, uid, mtimeNs, nlink } = fs.lstatSync(path, { bigint: true });
    const inside = path.endsWith("precious") ? fs.readFileSync(path, "utf8") : fs.readdirSync(path);
    return { mode, uid, mtimeNs, nlink, inside };
  });
}

describe("an attacker who swaps directories with links during an unpack", () => {
  it("causes no write, removal or metadata change outside", async () => {
    const outside = `${scratch.top}/outside`;
    fs.mkdirSync(`${outside}/sub`, { recursive: true, mode: 0o700 });
    fs.writeFileSync(`${outside}/precious`, "precious", { mode: 0o600 });
    const before = outsideFacts(outside);
    const images = [await makeImage([pieces("one")]), await makeImage([pieces("two")])];
    await unpack(images[0]!, scratch.directory);
    const attacker = await startAttacker(scratch.top);
    try {
      for (let round = 0; round < 6; round += 1) {
        await unpack(images[round % 2]!, scratch.directory).catch((error: unknown) => {
          if (!isOciError(error)) throw error;
        });
        expect(outsideFacts(outside)).toEqual(before);
      }
    } finally {
      attacker.kill("SIGKILL");
      await once(attacker, "exit");
    }
    await scratch.unpack([pieces("three")]);
    expect(outsideFacts(outside)).toEqual(before);
    expect(scratch.read("d/sub/deep")).toBe("three");
  });
});

describe("a directory cursor", () => {
  const withCursor = (
    work: (place: (path: string, name: string) => string | Buffer) => void,
  ): void => {
    const fd = fs.openSync(scratch.directory, "r");
    const cursor = openFdCursor(fd, "test");
    try {
      work((path, name) => below(cursor.moveTo(fromText(path)), fromText(name)));
    } finally {
      cursor.close();
      fs.closeSync(fd);
    }
  };

  it("stays in a directory that was moved away and replaced by a link", () => {
    fs.mkdirSync(scratch.at("d"), { recursive: true });
    fs.mkdirSync(`${scratch.top}/outside`);
    withCursor((place) => {
      const file_ = place("/d", "file");
      fs.renameSync(scratch.at("d"), scratch.at("moved"));
      fs.symlinkSync(`${scratch.top}/outside`, scratch.at("d"));
      fs.writeFileSync(file_, "x");
      expect(() => place("/d/sub", "x")).toThrow(/can't be written/);
    });
    expect(scratch.list()).toEqual([`d -> ${scratch.top}/outside`, "moved/", "moved/file"]);
    expect(fs.readdirSync(`${scratch.top}/outside`)).toEqual([]);
  });

  it("follows no link, neither at the start nor on the way", () => {
    fs.mkdirSync(scratch.at("real/sub"), { recursive: true });
    fs.symlinkSync("real", scratch.at("link"));
    fs.symlinkSync("sub", scratch.at("real/link"));
    withCursor((place) => {
      expect(() => place("/link", "x")).toThrow(/\/link can't be written/);
      expect(() => place("/link/sub", "x")).toThrow(/\/link can't be written/);
      expect(() => place("/real/link", "x")).toThrow(/\/real\/link can't be written/);
      expect(place("/real/sub", "x")).toMatch(/^\/proc\/self\/fd\/\d+\/x$/);
    });
  });

  it("distinguishes directories whose names start the same", () => {
    for (const path of ["ab/x", "abc/y", "ab/xy", "a"]) {
      fs.mkdirSync(scratch.at(path), { recursive: true });
    }
    withCursor((place) => {
      for (const path of [
        "/ab/x",
        "/abc/y",
        "/ab/xy",
        "/ab/x",
        "/a",
        "/",
        "/ab",
        "/abc",
        "/ab/xy",
      ]) {
        const there = String(place(path, "."));
        expect(fs.readlinkSync(there.slice(0, -2))).toBe(
          path === "/" ? scratch.directory : scratch.directory + path,
        );
      }
    });
  });

  it("keeps a limited number of directories open in a deep tree and finds the way back", () => {
    const depth = 1500;
    fs.mkdirSync(scratch.directory);
    const paths: string[] = [];
    for (let path = "", at = 0; at < depth; at += 1) {
      path += "/n";
      paths.push(path);
    }
    withCursor((place) => {
      for (const [at, path] of paths.entries()) {
        fs.mkdirSync(place(at === 0 ? "/" : paths[at - 1]!, "n"));
        place(path, "x");
      }
      expect(fs.readdirSync("/proc/self/fd").length).toBeLessThan(400);
      for (const path of paths.reverse()) fs.writeFileSync(place(path, "file"), "");
      expect(fs.readdirSync("/proc/self/fd").length).toBeLessThan(400);
    });
  });
});
