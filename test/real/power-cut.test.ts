// SPDX-License-Identifier: MIT
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRecord, sidecarOf } from "../../src/disk/sidecar/unpack-record.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { directory, file, makeImage, symlink } from "../fixtures/layers.ts";
import { ociKit } from "./project.ts";

// A power cut is simulated by copying the file behind an ext4 file system, without a sync, at the moment when
// a command answers. What the kernel has not written by then is lost; mounting the copy replays the journal.

const program = join(import.meta.dirname, "../../bin/oci-kit");
const scratch = mkdtempSync(join(tmpdir(), "oci-kit-power-"));
const source = `oci:${join(scratch, "source")}:one`;
const live = join(scratch, "live");
const mounted: string[] = [];

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: ["ignore", "ignore", "inherit"] });
}

function mount(image: string, place: string): void {
  mkdirSync(place);
  run("mount", "-o", "loop", image, place);
  mounted.push(place);
}

/** Cuts the power now, and returns what is on the disk afterwards. */
function cutPower(): string {
  const after = join(scratch, `cut-${mounted.length}`);
  run("cp", "--sparse=always", join(scratch, "live.img"), `${after}.img`);
  mount(`${after}.img`, after);
  return after;
}

async function succeed(...words: readonly string[]): Promise<void> {
  const { status, stdout, stderr } = await ociKit(scratch, words);
  expect({ status, stderr }, stdout).toMatchObject({ status: 0 });
}

beforeAll(async () => {
  const store = await openLayout(join(scratch, "source"), { create: true });
  const files = Array.from({ length: 400 }, (_, at) => file(`d/${at}`, `content ${at}`.repeat(at)));
  await makeImage([[directory("d"), symlink("l", "d/1"), ...files]], { store, tag: "one" });
  run("truncate", "-s", "256M", join(scratch, "live.img"));
  run("mkfs.ext4", "-q", join(scratch, "live.img"));
  mount(join(scratch, "live.img"), live);
});
afterAll(() => {
  for (const place of mounted) run("umount", place);
  rmSync(scratch, { recursive: true });
});

describe("an ext4 disk whose power is cut at the moment of the answer", () => {
  it.each([
    ["a copy to oci-archive", (path: string) => ["copy", source, `oci-archive:${path}`]],
    [
      "a copy to docker-archive",
      (path: string) => ["copy", source, `docker-archive:${path}:a/b:1`],
    ],
    ["an export", (path: string) => ["export", "-o", path, source]],
  ])("has the file of %s", async (what, words) => {
    const name = `${what.replaceAll(" ", "-")}.tar`;
    await succeed(...words(join(live, name)));
    const after = cutPower();
    expect(hashOf(join(after, name))).toBe(hashOf(join(live, name)));
  });

  it("has the whole layout of a copy", async () => {
    await succeed("copy", source, `oci:${join(live, "new/layout")}:one`);
    const after = cutPower();
    await succeed(
      "copy",
      `oci:${join(after, "new/layout")}:one`,
      `oci:${join(scratch, "again")}:one`,
    );
  });

  it("has every byte of what a sidecar calls complete", async () => {
    await succeed("unpack", source, join(live, "new/root"));
    const root = join(cutPower(), "new/root");
    expect(readRecord(sidecarOf(root))?.state).toBe("complete");
    run("diff", "-r", join(live, "new/root"), root);
    await succeed("verify", root, "--against", source);
  });

  it("has every byte of a conversion in a store, and its name", async () => {
    await succeed("store", "add", join(live, "store"), source, "one");
    const root = join(cutPower(), "store/names/one/rootfs");
    run("diff", "-r", join(live, "store/names/one/rootfs"), root);
    await succeed("verify", root, "--against", source);
  });

  it("has the blob that a registry answered 201 for", async () => {
    const registry = spawn(process.execPath, [program, "serve", join(live, "registry"), "--json"]);
    try {
      const [said] = (await once(registry.stdout, "data")) as [Buffer];
      const url = /http:\/\/[\d.]+:\d+/.exec(said.toString())![0];
      const bytes = Buffer.alloc(100_000, "blob");
      const hex = createHash("sha256").update(bytes).digest("hex");
      const place = `${url}/v2/a/blobs/uploads/?digest=sha256:${hex}`;
      const { status } = await fetch(place, { method: "POST", body: bytes });
      expect(status).toBe(201);
      const path = join(cutPower(), "registry/blobs/sha256", hex);
      expect(existsSync(path) && readFileSync(path).equals(bytes)).toBe(true);
    } finally {
      registry.kill("SIGTERM");
      await once(registry, "exit");
    }
  });
});

function hashOf(path: string): string {
  expect(statSync(path).size).toBeGreaterThan(0);
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
