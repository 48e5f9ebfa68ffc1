// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assemble } from "../../src/assemble/assemble.ts";
import { readAll } from "../../src/bytes/streams/read-all.ts";
import { openConversions } from "../../src/convert/kept/conversions.ts";
import { packDirectory } from "../../src/convert/pack/pack-directory.ts";
import { unpack } from "../../src/convert/unpack/unpack.ts";
import { writeOutput } from "../../src/files/write-output.ts";
import type { Image } from "../../src/image/image.ts";
import { exportTree } from "../../src/rootfs/export/export-tree.ts";
import { openImageFilesystem } from "../../src/rootfs/image-filesystem.ts";
import { createDockerArchive, openDockerArchive } from "../../src/store/archive/docker-archive.ts";
import { createOciArchive, openOciArchive } from "../../src/store/archive/oci-archive.ts";
import { copy } from "../../src/store/copy/copy.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { recipe } from "../fixtures/assemble.ts";
import { directory, file, makeImage, symlink } from "../fixtures/layers.ts";
import {
  findFaults,
  findLosses,
  recordWork,
  type Job,
  type RecordedWork,
} from "./acknowledged-work.ts";
import {
  checkConversions,
  checkLayout,
  checkSidecar,
  checkTag,
  checkUnpacked,
  readWhole,
  type Contents,
} from "./checks.ts";
import { serveWork } from "./serve-work.ts";

const CUTS = Number(process.env["OCI_KIT_POWER_CUTS"] ?? 120);
const SEED = Number(process.env["OCI_KIT_POWER_SEED"] ?? Date.now() % 1_000_000);

let one: Image;
let two: Image;
const CONTENTS: readonly Contents[] = ["one", "two"].map((name) => ({
  "d/e/small": name,
  "d/large": name.repeat(20_000),
  shared: "shared",
}));

beforeAll(async () => {
  const images = CONTENTS.map((contents) =>
    makeImage([
      [directory("d"), directory("d/e"), file("shared", "shared"), symlink("l", "shared")],
      [file("d/e/small", contents["d/e/small"]), file("d/large", contents["d/large"])],
    ]),
  );
  [one, two] = (await Promise.all(images)) as [Image, Image];
});

function both(): readonly (readonly [Image, Contents])[] {
  return [one, two].map((image, at) => [image, CONTENTS[at]!]);
}

async function copyWork({ disk, acknowledge, always }: Job): Promise<void> {
  always("what a layout names is whole", (at) => checkLayout(join(at, "a/layout")));
  const target = await openLayout(join(disk, "a/layout"), { create: true });
  for (const [tag, image] of Object.entries({ one, two })) {
    await copy(image.store, image.descriptor, target, { tag });
    acknowledge(`copy of ${tag}`, (at) => checkTag(join(at, "a/layout"), tag, image.descriptor));
  }
}

async function archiveWork({ disk, acknowledge, always }: Job): Promise<void> {
  const kinds = [
    ["oci.tar", createOciArchive, openOciArchive],
    ["docker.tar", createDockerArchive, openDockerArchive],
  ] as const;
  for (const [name, create, open] of kinds) {
    const check = async (path: string): Promise<void> => {
      const store = await open(path);
      for (const root of await store.capabilities.roots!()) await readWhole(store, root);
      await store.close();
    };
    always(`${name} is whole or not there`, async (at) => {
      if (existsSync(join(at, name))) await check(join(at, name));
    });
    for (const image of [one, two]) {
      const target = await create(join(disk, name), { replace: true });
      await copy(image.store, image.descriptor, target, { tag: "example.org/a:1" });
      await target.close();
      acknowledge(`copy to ${name}`, (at) => check(join(at, name)));
    }
  }
}

async function exportWork({ disk, acknowledge }: Job): Promise<void> {
  let superseded: (() => void) | undefined;
  for (const image of [one, two]) {
    const bytes = (): ReturnType<typeof exportTree> => exportTree(tree);
    const tree = await openImageFilesystem(image);
    const expected = await readAll(bytes(), 1 << 30, "tar");
    superseded?.();
    await writeOutput(join(disk, "rootfs.tar"), bytes());
    superseded = acknowledge("export", (at) =>
      assert(readFileSync(join(at, "rootfs.tar")).equals(expected)),
    );
  }
}

async function unpackWork({ disk, acknowledge, always }: Job): Promise<void> {
  always("complete is complete", (at) => checkSidecar(join(at, "deep/root"), both()));
  let superseded: (() => void) | undefined;
  for (const [image, contents] of both()) {
    for (const exact of [false, true]) {
      superseded?.();
      await unpack(image, join(disk, "deep/root"), { exact });
      superseded = acknowledge("unpack", (at) =>
        checkUnpacked(join(at, "deep/root"), image, contents),
      );
    }
  }
}

/** Unpacks as on a system that has Node and no commands. */
async function unpackWithoutCommands(job: Job): Promise<void> {
  const path = process.env["PATH"];
  process.env["PATH"] = "/nonexistent";
  try {
    await unpackWork(job);
  } finally {
    process.env["PATH"] = path;
  }
}

async function packWork({ disk, acknowledge, always }: Job): Promise<void> {
  always("what a layout names is whole", (at) => checkLayout(join(at, "packed")));
  await unpack(one, join(disk, "root"));
  const target = await openLayout(join(disk, "packed"), { create: true });
  for (const base of [undefined, one]) {
    const tag = base === undefined ? "whole" : "based";
    const { image } = await packDirectory(join(disk, "root"), target, { tag, base });
    acknowledge(`pack as ${tag}`, (at) => checkTag(join(at, "packed"), tag, image!));
  }
}

async function assembleWork({ disk, acknowledge, always }: Job): Promise<void> {
  always("what a layout names is whole", (at) => checkLayout(join(at, "out")));
  const source = await openLayout(join(disk, "source"), { create: true });
  await copy(one.store, one.descriptor, source, { tag: "one" });
  const target = await openLayout(join(disk, "out"), { create: true });
  for (const [tag, path] of Object.entries({ small: "/d/e", all: "/d" })) {
    const what = recipe({
      platform: { os: "linux", architecture: "amd64" },
      artifacts: { a: { reference: `oci:${join(disk, "source")}:one` } },
      steps: [{ kind: "copy", from: "a", path }],
    });
    const { descriptor } = await assemble(what, { target, tag });
    acknowledge(`assemble of ${tag}`, (at) => checkTag(join(at, "out"), tag, descriptor));
  }
}

async function storeWork({ disk, acknowledge, always }: Job): Promise<void> {
  always("what is there is whole", (at) => checkConversions(join(at, "store"), both()));
  const store = openConversions(join(disk, "store"));
  for (const [at, [image, contents]] of both().entries()) {
    const check = (name: string) => async (top: string) => {
      const found = await openConversions(join(top, "store")).resolve(name);
      checkUnpacked(found.rootfs, image, contents);
    };
    await store.convert({ image }, [`name-${at}`]);
    acknowledge("store add", check(`name-${at}`));
    await store.link(`name-${at}`, `other-${at}`);
    acknowledge("store link", check(`other-${at}`));
  }
}

const WORKS = {
  "copy to a layout": copyWork,
  "copy to archives": archiveWork,
  export: exportWork,
  unpack: unpackWork,
  "unpack without the command sync": unpackWithoutCommands,
  pack: packWork,
  assemble: assembleWork,
  store: storeWork,
  serve: (job: Job) => serveWork(job, [one, two]),
};

describe.each(Object.entries(WORKS))("what was acknowledged by: %s", (_, work) => {
  let recorded: RecordedWork | undefined;
  afterAll(() => recorded?.remove());

  it("is on the disk when nothing is lost, and matches the recorded changes", async () => {
    recorded = await recordWork(work);
    expect(await findFaults(recorded)).toEqual([]);
    expect(recorded.promised.filter(({ from }) => from > 0).length).toBeGreaterThan(1);
  });

  it(`survives each of ${CUTS} power cuts`, async () => {
    const losses: string[] = [];
    for (let cut = 0; cut < CUTS; cut += 1) {
      losses.push(...(await findLosses(recorded!, SEED + cut)));
    }
    expect(losses.slice(0, 5), `${losses.length} losses`).toEqual([]);
  });
});
