// SPDX-License-Identifier: MIT
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { isOciError } from "../../src/oci/errors.ts";
import { createRandom } from "../fuzz/random.ts";
import {
  randomIgnoreFile,
  receivedIn,
  sentByUs,
  writeRandomTree,
  type Sent,
} from "./ignore-files.ts";
import { makeScratch } from "./scratch.ts";
import { startDocker, type RunningDocker } from "./start-docker.ts";

/** How many pairs of a tree and an ignore file. A thousand take two minutes of an idle machine. */
const CASES = Number(process.env["OCI_KIT_IGNORE_CASES"] ?? 80);
const SEED = Number(process.env["OCI_KIT_IGNORE_SEED"] ?? Date.now() % 1_000_000);
/** Contexts of one build; each is a layer. */
const BATCH = 40;

const scratch = makeScratch();
let docker: RunningDocker;

beforeAll(async () => {
  docker = await startDocker(scratch.make("docker"));
});
afterAll(() => docker.stop());

function build(...words: readonly string[]): Promise<string> {
  return docker.run("buildx", "build", "--progress=plain", "--no-cache", ...words);
}

interface Case {
  readonly number: number;
  readonly directory: string;
  readonly text: string;
  /** Undefined when we refuse the ignore file. */
  readonly ours: Sent | undefined;
}

async function makeCase(number: number): Promise<Case> {
  const random = createRandom(SEED * 7919 + number);
  const directory = scratch.path("cases", String(number));
  writeRandomTree(directory, random);
  const text = randomIgnoreFile(random);
  writeFileSync(join(directory, ".dockerignore"), text);
  try {
    return { number, directory, text, ours: await sentByUs(directory) };
  } catch (error) {
    if (!isOciError(error, "invalid-argument")) throw error;
    return { number, directory, text, ours: undefined };
  }
}

/** Builds an image of several contexts, and returns the directory in which each has one by its number. */
async function receive(cases: readonly Case[]): Promise<string> {
  const place = scratch.make(`build-${cases[0]!.number}`);
  mkdirSync(join(place, "empty"));
  const copies = cases.map(({ number }) => `COPY --from=c${number} . /${number}/`);
  writeFileSync(join(place, "Dockerfile"), ["FROM scratch", ...copies].join("\n"));
  const contexts = cases.flatMap(({ number, directory }) => [
    "--build-context",
    `c${number}=${directory}`,
  ]);
  const output = ["-o", `type=local,dest=${join(place, "out")}`];
  await build("-f", join(place, "Dockerfile"), ...contexts, ...output, join(place, "empty"));
  return join(place, "out");
}

/** Compares what BuildKit receives of contexts with what we say. */
async function compare(batch: readonly Case[]): Promise<void> {
  const out = await receive(batch);
  for (const { number, text, ours } of batch) {
    const where = `seed ${SEED}, case ${number}: ${JSON.stringify(text)}`;
    expect({ where, sent: receivedIn(join(out, String(number))) }).toEqual({ where, sent: ours });
  }
  rmSync(out, { recursive: true });
}

it("BuildKit receives what we say of patterns that mean something else than one would think", async () => {
  const texts = [
    "ab\n!ab/f\nab",
    "a{2}*",
    "zz|b*",
    "[*]",
    "**/f\n!ab",
    "*\n!ab/f",
    "\\w*",
    "^a*",
    "..\n/",
  ];
  const cases = texts.map(async (text, at): Promise<Case> => {
    const number = CASES + at;
    const directory = scratch.path("cases", String(number));
    for (const name of ["ab/f", "b/sub/x", "a{2}/f", "aab", "aa", "x|y", "]", "empty/"]) {
      mkdirSync(join(directory, name, name.endsWith("/") ? "" : ".."), { recursive: true });
      if (!name.endsWith("/")) writeFileSync(join(directory, name), name);
    }
    writeFileSync(join(directory, ".dockerignore"), text);
    return { number, directory, text, ours: await sentByUs(directory) };
  });
  await compare(await Promise.all(cases));
});

it("BuildKit takes the ignore file that we take: the Dockerfile's own first, an empty one too, and links inside", async () => {
  const context = scratch.make("own");
  const names = ["plain", "own", "empty", "linked", "outward"];
  for (const name of names) writeFileSync(join(context, name), "FROM scratch\nCOPY . /\n");
  writeFileSync(join(context, ".dockerignore"), "plain\n.dockerignore\n");
  writeFileSync(join(context, "own.dockerignore"), "own\n");
  writeFileSync(join(context, "empty.dockerignore"), "");
  symlinkSync("own.dockerignore", join(context, "linked.dockerignore"));
  symlinkSync("../own.dockerignore", join(context, "outward.dockerignore"));
  for (const name of names) {
    const out = scratch.path(`out-${name}`);
    const dockerfile = join(context, name);
    await build("-f", dockerfile, "-o", `type=local,dest=${out}`, context);
    const ours = await sentByUs(context, { dockerfile });
    expect({ name, sent: receivedIn(out) }).toEqual({ name, sent: ours });
  }
});

it(`BuildKit receives what we say of ${CASES} random trees and ignore files, and refuses what we refuse`, async () => {
  const cases = await Promise.all(Array.from({ length: CASES }, (_, at) => makeCase(at)));
  const taken = cases.filter(({ ours }) => ours !== undefined);
  const batches = Array.from({ length: Math.ceil(taken.length / BATCH) }, (_, at) =>
    taken.slice(at * BATCH, (at + 1) * BATCH),
  );
  for (const batch of batches) {
    await compare(batch);
  }
  expect(taken.length).toBeGreaterThan(CASES / 2);
  for (const one of cases.filter(({ ours }) => ours === undefined).slice(0, 10)) {
    await expect(receive([one]), JSON.stringify(one.text)).rejects.toThrow(/pattern|syntax error/);
  }
});
