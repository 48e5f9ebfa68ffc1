// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildImage } from "../../testing/build-image.ts";
import { createDockerArchive, openDockerArchive } from "./docker-archive.ts";
import { createOciArchive, openOciArchive } from "./oci-archive.ts";

let place: string;

beforeEach(() => {
  place = fs.mkdtempSync(join(tmpdir(), "oci-kit-archive-"));
});
afterEach(() => fs.rmSync(place, { recursive: true }));

const KINDS = [
  ["an oci-archive", createOciArchive, openOciArchive],
  ["a docker-archive", createDockerArchive, openDockerArchive],
] as const;

describe.each(KINDS)("%s", (_, create, open) => {
  async function write(file: string): Promise<void> {
    const archive = await create(file);
    const tag = "example.org/a:1";
    await buildImage(archive, { layers: [{ file: "content" }], tag });
    await archive.close();
  }

  async function expectImage(file: string): Promise<void> {
    const archive = await open(file);
    expect(await archive.capabilities.roots!()).toHaveLength(1);
    await archive.close();
  }

  it("is written to the file that a link names, and keeps the permissions of that file", async () => {
    fs.mkdirSync(join(place, "elsewhere"));
    const file = join(place, "elsewhere/a.tar");
    fs.writeFileSync(file, "", { mode: 0o600 });
    fs.symlinkSync("elsewhere/a.tar", join(place, "link"));
    await write(join(place, "link"));
    expect(fs.lstatSync(join(place, "link")).isSymbolicLink()).toBe(true);
    expect(fs.statSync(file).mode & 0o7777).toBe(0o600);
    expect(fs.readdirSync(place).sort()).toEqual(["elsewhere", "link"]);
    expect(fs.readdirSync(join(place, "elsewhere"))).toEqual(["a.tar"]);
    await expectImage(file);
  });

  it.each([
    ["a new file", () => undefined],
    ["an empty one, as mktemp makes it", (file: string) => fs.writeFileSync(file, "")],
  ])("that two write to %s at once is that of one, and refused to the other", async (_, make) => {
    const file = join(place, "a.tar");
    make(file);
    const tags = ["example.org/a:1", "example.org/a:2"];
    const archives = await Promise.all(tags.map(async () => create(file)));
    for (const [at, archive] of archives.entries()) {
      await buildImage(archive, { layers: [{ file: `content ${at}` }], tag: tags[at]! });
    }
    const ends = await Promise.allSettled(archives.map((archive) => archive.close()));
    const written = ends.findIndex(({ status }) => status === "fulfilled");
    expect(ends[1 - written]).toMatchObject({ reason: { code: "already-exists" } });
    const archive = await open(file);
    await archive.resolve(tags[written]!);
    await archive.close();
    expect(fs.readdirSync(place)).toEqual(["a.tar"]);
  });

  it("is written to the reader of a fifo, and the fifo stays", async () => {
    const fifo = join(place, "fifo");
    execFileSync("mkfifo", [fifo]);
    const [bytes] = await Promise.all([fs.promises.readFile(fifo), write(fifo)]);
    expect(fs.readdirSync(place)).toEqual(["fifo"]);
    expect(fs.lstatSync(fifo).isFIFO()).toBe(true);
    fs.writeFileSync(join(place, "read.tar"), bytes);
    await expectImage(join(place, "read.tar"));
  });
});
