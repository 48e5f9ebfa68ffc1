// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copy } from "../../src/store/copy/copy.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { startCountingProxy, type CountingProxy } from "../fixtures/counting-proxy.ts";
import {
  makeDpkgImage,
  makePackages,
  packageBytes,
  type DpkgImageInit,
  type MadePackage,
} from "../fixtures/dpkg-image.ts";
import { startDockerRegistry, type RunningRegistry } from "./docker-registry.ts";
import { execute } from "./peers.ts";
import { makeScratch } from "./scratch.ts";

// What benchmark/rebuilds.mjs measures with Debian's packages, in small and made up.

const CLI = join(import.meta.dirname, "../../bin/oci-kit");
const PACKAGES = makePackages(120).map((each) => ({ ...each, bytes: each.bytes * 6 }));
const PLACES = [2, 9, 40, 77, 110];
const UPDATED = PACKAGES.map((each, at) => ({ ...each, version: PLACES.includes(at) ? 2 : 1 }));

interface Made {
  readonly digest: string;
  readonly images: readonly {
    readonly layers: readonly { readonly descriptor: { readonly digest: string } }[];
    readonly deadBytes: number;
    readonly tarBytes: number;
    readonly sentBytes: number;
  }[];
}

const scratch = makeScratch();
let registry: RunningRegistry;
let proxy: CountingProxy;

beforeAll(async () => {
  registry = await startDockerRegistry(scratch.make("registry"));
  proxy = await startCountingProxy(Number(registry.host.split(":")[1]));
});
afterAll(async () => {
  await proxy.close();
  await registry.stop();
});

/** Builds an image of packages from nothing in a directory of its own. */
async function build(
  name: string,
  packages: readonly MadePackage[],
  init: DpkgImageInit = {},
): Promise<string> {
  const image = await makeDpkgImage(packages, { compression: "none", ...init });
  const layout = scratch.path(name);
  await copy(image.store, image.descriptor, await openLayout(layout, { create: true }), {
    tag: "x",
  });
  return `oci:${layout}:x`;
}

/** Rechunks it to the registry on a machine that has nothing yet, and counts the bodies of what is sent. */
async function rechunk(
  source: string,
  machine: string,
  ...words: string[]
): Promise<Made & { readonly sent: number }> {
  const before = proxy.requests.length;
  const env = { OCI_KIT_CACHE: scratch.path(`cache-${machine}`) };
  const to = `${proxy.host}/app:latest`;
  const how = ["--json", "--compression", "zstd", ...words];
  const stdout = await execute(process.execPath, [CLI, "rechunk", source, to, ...how], { env });
  const sent = proxy.requests.slice(before).reduce((sum, request) => sum + request.sent, 0);
  return { ...(JSON.parse(stdout) as Made), sent };
}

const layersOf = ({ images }: Made): string[] =>
  images[0]!.layers.map(({ descriptor }) => descriptor.digest);

describe("a rebuilt image in docker-registry", () => {
  it("sends documents when times alone changed, and little more than what changed otherwise, from any machine", async () => {
    const first = await rechunk(await build("here", PACKAGES), "here");
    const elsewhere = await build("elsewhere", PACKAGES, { mtime: 99_999, reversed: true });
    const same = await rechunk(elsewhere, "there");
    expect(same.digest).toBe(first.digest);
    expect(same.sent).toBeLessThan(50_000);

    const next = await build("next", UPDATED, { mtime: 123_456, reversed: true });
    const planned = await rechunk(next, "third", "--dry-run");
    expect(planned.sent).toBe(0);
    const made = await rechunk(next, "there");
    expect(made.digest).toBe(planned.digest);
    const changed = PLACES.reduce((sum, at) => sum + packageBytes(UPDATED[at]!), 0);
    expect(made.sent / changed).toBeLessThan(1.05);
    const [image] = made.images;
    // The plan is one of layers; the configuration and the manifest come on top.
    const documents = made.sent - planned.images[0]!.sentBytes;
    expect(documents).toBeGreaterThan(0);
    expect(documents).toBeLessThan(0.01 * made.sent + 50_000);
    expect(image!.layers.length).toBeLessThanOrEqual(60);
    expect(image!.deadBytes / image!.tarBytes).toBeLessThan(0.02);
    expect(
      layersOf(made).filter((digest) => !layersOf(first).includes(digest)).length,
    ).toBeLessThan(7);
    const again = await rechunk(next, "fourth");
    expect(again.digest).toBe(made.digest);
  });
});
