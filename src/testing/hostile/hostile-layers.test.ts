// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findImage } from "../../image/find-image.ts";
import { readImage } from "../../image/image.ts";
import { onlyRoot } from "../../image/only-root.ts";
import { isOciError, type OciError } from "../../oci/errors.ts";
import { openImageFilesystem, type ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { HOSTILE_ATTACKS } from "./attacks.ts";
import { checkFilesystem } from "./check-tree.ts";
import type { HostileCase } from "./hostile-case.ts";
import { hostileLayers } from "./hostile-layers.ts";
import { createSandbox, removeTree, type Sandbox } from "./sandbox.ts";
import { writeHostileImage } from "./write-case.ts";

const root = join(import.meta.dirname, "..", "..", "..");

/** Attacks that need more than an image, with the tests that make them. */
const ELSEWHERE: readonly { readonly number: number; readonly file: string }[] = [
  { number: 24, file: "src/convert/unpack/unpack-race.test.ts" },
  { number: 25, file: "src/convert/unpack/unpack-race.test.ts" },
];

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = createSandbox();
});
afterAll(() => sandbox.remove());

describe("the hostile corpus", () => {
  it("has a case for every attack of the table, or names the test that makes it", () => {
    const numbers = new Set([...hostileLayers, ...ELSEWHERE].map(({ number }) => number));
    const attacks = Object.keys(HOSTILE_ATTACKS).map(Number);
    expect([...numbers].sort((a, b) => a - b)).toEqual(attacks);
    expect(attacks).toEqual(Array.from({ length: attacks.length }, (_, at) => at + 1));
    expect(ELSEWHERE.filter(({ file }) => !existsSync(join(root, file)))).toEqual([]);
  });

  it("has no two cases of one name", () => {
    const names = hostileLayers.map(({ name }) => name);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });
});

describe("a hostile or odd image in memory", () => {
  it.each(hostileLayers.map((hostile) => [hostile.number, hostile.name, hostile] as const))(
    "of attack %i: %s",
    async (_number, _name, hostile) => {
      const image = hostile.build(sandbox);
      writeHostileImage(image, sandbox.layout);
      try {
        const isRefused = hostile.expect === "refused" || hostile.expect === "limited";
        if (isRefused && hostile.refusedOnDisk !== true) await expectRefused(hostile);
        else await checkFilesystem(await readTree(hostile), image.tree ?? {});
      } finally {
        removeTree(sandbox.layout);
      }
    },
  );
});

async function readTree({ limits }: HostileCase): Promise<ImageFilesystem> {
  const store = await openLayout(sandbox.layout);
  const descriptor = await findImage(store, await onlyRoot(store), undefined, { limits });
  const image = await readImage(store, descriptor, { limits });
  const filesystem = await openImageFilesystem(image, { limits });
  expect([...filesystem.paths()].length).toBeGreaterThan(0);
  return filesystem;
}

async function expectRefused(hostile: HostileCase): Promise<void> {
  const error = await refusalOf(hostile);
  expect(error.message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  expect(hostile.codes).toContain(error.code);
}

async function refusalOf(hostile: HostileCase): Promise<OciError> {
  try {
    await readTree(hostile);
  } catch (error) {
    if (isOciError(error)) return error;
    throw error;
  }
  throw new Error(`expected it to be ${hostile.expect}, and it was read`);
}
