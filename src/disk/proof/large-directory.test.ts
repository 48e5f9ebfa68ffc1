// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { directory, file, makeImage, type Piece } from "../../../test/fixtures/layers.ts";
import { makeScratch, type Scratch } from "../../../test/fixtures/unpacking.ts";
import { formatDifference } from "../../rootfs/compare/compare-trees.ts";
import { openImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { WORTH_A_THREAD } from "../ahead/read-ahead.ts";
import { verifyDirectory } from "./verify-directory.ts";

let scratch: Scratch;

beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch.remove());

const FILES = WORTH_A_THREAD + 500;
const LARGE = 100_000;
const PIECES: readonly Piece[] = [
  ...Array.from({ length: 50 }, (_, at) => directory(`d${at}`, { mtime: 1000 })),
  ...Array.from({ length: FILES }, (_, at) =>
    file(`d${at % 50}/f${at}`, at === 0 ? "x".repeat(LARGE) : `content ${at}`),
  ),
];

it("a directory large enough to be read ahead can be proven, verified and updated like any other", async () => {
  const { proof } = await scratch.unpack([PIECES]);
  expect(proof).toMatchObject({ compared: FILES + 51, contents: FILES, differences: [] });
  const tree = await openImageFilesystem(await makeImage([PIECES]));
  const verify = async (): Promise<string[]> => {
    const { compared, differences } = await verifyDirectory(scratch.directory, tree);
    expect(compared).toBe(FILES + 51);
    return differences.map((difference) => formatDifference(difference).slice(0, 25));
  };
  expect(await verify()).toEqual([]);
  const touched = fs.statSync(scratch.at("d1/f1"));
  fs.writeFileSync(scratch.at("d0/f0"), "y".repeat(LARGE));
  fs.writeFileSync(scratch.at("d1/f1"), "CONTENT 1");
  fs.utimesSync(scratch.at("d1/f1"), touched.atime, touched.mtime);
  fs.chmodSync(scratch.at("d2/f2"), 0o600);
  expect(await verify()).toEqual([
    expect.stringMatching(/^\/d0\/f0: time: expected/),
    expect.stringMatching(/^\/d1\/f1: content: expecte/),
    expect.stringMatching(/^\/d2\/f2: mode: expected/),
  ]);
  const { counts } = await scratch.unpack([PIECES]);
  expect(counts).toMatchObject({ written: 0, removed: 0 });
  expect(counts.changed).toBeLessThan(10);
  expect(await verify()).toEqual([]);
});
