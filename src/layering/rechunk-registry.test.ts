// SPDX-License-Identifier: MIT
import { readdirSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeDpkgImage, makePackages } from "../../test/fixtures/dpkg-image.ts";
import { copy } from "../store/copy/copy.ts";
import { openRepository } from "../registry/repository.ts";
import { openLayerIndexCache } from "../rootfs/layer-index/open-index-cache.ts";
import { openImageFilesystem } from "../rootfs/image-filesystem.ts";
import { compareTrees } from "../rootfs/compare/compare-trees.ts";
import { startRegistry, type TestRegistry } from "../testing/registry/start-registry.ts";
import { readImage, type Image } from "../image/image.ts";
import type { LayerIndexCache } from "../rootfs/layer-index/index-cache.ts";
import {
  rechunkReference,
  type Rechunked,
  type RechunkReferenceOptions,
} from "./rechunk-reference.ts";

const PACKAGES = makePackages(24);
const UPDATED = PACKAGES.map((each, at) => ({ ...each, version: at === 3 || at === 20 ? 2 : 1 }));

let scratch: string;
let registry: TestRegistry;
let cache: LayerIndexCache;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "oci-kit-rechunk-"));
  registry = await startRegistry();
  cache = openLayerIndexCache(join(scratch, "indexes"));
});
afterEach(async () => {
  await registry.close();
  rmSync(scratch, { recursive: true });
});

const at = (name: string): string => `${registry.host}/${name}`;
const options = (more: RechunkReferenceOptions = {}): RechunkReferenceOptions => ({
  cache,
  registry: { journalDirectory: false, spoolDirectory: join(scratch, "spool") },
  spoolDirectory: join(scratch, "spool"),
  ...more,
});

async function put(image: Image, repository: string): Promise<void> {
  const place = { registry: registry.host, repository };
  const store = openRepository(place, { journalDirectory: false });
  await copy(image.store, image.descriptor, store, { tag: "1" });
}

async function putBoth(): Promise<readonly [before: Image, after: Image]> {
  const [before, after] = [await makeDpkgImage(PACKAGES), await makeDpkgImage(UPDATED)];
  await put(before, "builds/before");
  await put(after, "builds/after");
  return [before, after];
}

/** The blobs that were asked for, and uploads that were begun or tried as a mount, since the last call. */
function requests(): {
  readonly fetched: string[];
  readonly sent: string[];
  readonly mounted: string[];
} {
  const since = registry.requests.slice(seen);
  seen = registry.requests.length;
  return {
    fetched: since.filter((each) => /^GET .*\/blobs\/sha256/.test(each)),
    sent: since.filter((each) => /^(POST|PATCH|PUT) .*\/blobs\/uploads/.test(each)),
    mounted: since.filter((each) => /^POST .*mount=/.test(each)),
  };
}
let seen = 0;
beforeEach(() => (seen = 0));

const digestsOf = ({ rechunked }: Rechunked, kind: string): string[] =>
  rechunked[0]!.layers
    .filter((layer) => layer.kind === kind)
    .map(({ descriptor }) => descriptor.digest);

describe("rechunking from and to a registry", () => {
  it("downloads none of the layers that it wrote before, and sends only new ones", async () => {
    const [, after] = await putBoth();
    await rechunkReference(at("builds/before:1"), at("app:latest"), options());
    requests();
    const next = await rechunkReference(at("builds/after:1"), at("app:latest"), options());
    const { fetched, sent } = requests();
    const [kept, added] = [digestsOf(next, "kept"), digestsOf(next, "new")];
    expect(kept.length).toBeGreaterThan(5);
    expect(added.length).toBeGreaterThan(0);
    for (const digest of kept) expect(fetched.join()).not.toContain(digest);
    // A POST and a PUT each, and the configuration.
    expect(sent).toHaveLength(2 * (added.length + 1));
    const result = await readImage(
      openRepository({ registry: registry.host, repository: "app" }),
      next.root,
    );
    const trees = [await openImageFilesystem(after), await openImageFilesystem(result)] as const;
    const { differences, compared } = compareTrees(...trees, { ignore: ["time"] });
    expect(compared).toBeGreaterThan(100);
    expect(differences).toEqual([]);
  });

  it("asks for no layer that it keeps, and sends the manifest once, where the registry checks manifests", async () => {
    await putBoth();
    const habits = [{ hosts: ["127.0.0.1"], checksManifests: true }];
    const how = options({ registry: { ...options().registry, habits } });
    await rechunkReference(at("builds/before:1"), at("app:latest"), how);
    seen = registry.requests.length;
    const next = await rechunkReference(at("builds/after:1"), at("app:latest"), how);
    const kept = digestsOf(next, "kept");
    expect(kept.length).toBeGreaterThan(5);
    const asked = registry.requests.slice(seen).filter((each) => each.includes("/v2/app/"));
    for (const digest of kept) expect(asked.join()).not.toContain(digest);
    const manifests = asked.filter((each) => /^PUT .*\/manifests\//.test(each));
    expect(manifests).toEqual(["PUT /v2/app/manifests/latest"]);
  });

  it("says which layer the registry lost of the previous image, and can do without that image", async () => {
    await putBoth();
    const from = at("builds/before:1");
    const first = await rechunkReference(from, at("app:latest"), options());
    const [lost] = digestsOf(first, "new");
    rmSync(join(registry.directory, "blobs", ...lost!.split(":")));
    const again = rechunkReference(at("builds/after:1"), at("app:latest"), options());
    await expect(again).rejects.toThrow(`expected ${lost!}`);
    const app = openRepository({ registry: registry.host, repository: "app" });
    expect((await app.resolve("latest")).digest).toBe(first.root.digest);
    const anew = await rechunkReference(from, at("app:latest"), options({ previous: null }));
    expect(anew.images[0]!.copied.count + anew.images[0]!.skipped.count).toBeGreaterThan(5);
    expect(await app.exists(anew.rechunked[0]!.layers[0]!.descriptor)).toBe(true);
  });

  it("reads previous layers that it did not write once, and keeps their indexes", async () => {
    await putBoth();
    await rechunkReference(at("builds/before:1"), at("app:latest"), options());
    cache = openLayerIndexCache(join(scratch, "other-machine"));
    requests();
    const next = await rechunkReference(at("builds/after:1"), at("app:latest"), options());
    const { fetched } = requests();
    const kept = digestsOf(next, "kept");
    for (const digest of kept)
      expect(fetched.filter((one) => one.includes(digest))).toHaveLength(1);
    const again = await rechunkReference(at("builds/after:1"), at("app:latest"), options());
    expect(again.root.digest).toBe(next.root.digest);
    const blobs = [...digestsOf(again, "kept"), ...digestsOf(again, "new")];
    expect(requests().fetched.filter((one) => blobs.some((blob) => one.includes(blob)))).toEqual(
      [],
    );
  });

  it("mounts layers of a previous image that is in another repository of the registry", async () => {
    await putBoth();
    await rechunkReference(at("builds/before:1"), at("app:latest"), options());
    requests();
    const [from, to] = [at("builds/after:1"), at("team/app:2")];
    const how = { previous: at("app:latest") };
    const dry = await rechunkReference(from, to, options({ ...how, dryRun: true }));
    const next = await rechunkReference(from, to, options(how));
    expect(dry.images[0]!.mounted).toEqual(next.images[0]!.mounted);
    const { fetched, mounted } = requests();
    const kept = digestsOf(next, "kept");
    expect(kept.length).toBeGreaterThan(5);
    expect(mounted).toHaveLength(kept.length);
    for (const digest of kept) expect(fetched.join()).not.toContain(digest);
    expect(next.images[0]!.mounted.count).toBe(kept.length);
    expect(next.images[0]!.copied.count).toBe(0);
  });

  it("says in a dry run, without sending a byte, how many it then sends", async () => {
    await putBoth();
    await rechunkReference(at("builds/before:1"), at("app:latest"), options());
    requests();
    const to = at("app:latest");
    const dry = await rechunkReference(at("builds/after:1"), to, options({ dryRun: true }));
    expect(requests().sent).toEqual([]);
    const real = await rechunkReference(at("builds/after:1"), to, options());
    expect(real.root.digest).toBe(dry.root.digest);
    expect(real.rechunked).toEqual(dry.rechunked);
  });

  it("leaves nothing on the disk when a registry refuses a layer, and says what it said", async () => {
    await putBoth();
    registry.fail({
      on: { method: "PUT", endpoint: "upload", repository: "app" },
      skip: 17,
      does: {
        kind: "answer",
        status: 403,
        body: '{"errors":[{"code":"DENIED","message":"no room"}]}',
      },
    });
    const failed = rechunkReference(at("builds/before:1"), at("app:latest"), options());
    await expect(failed).rejects.toThrow(/no room/);
    expect(readdirSync(join(scratch, "spool"))).toEqual([]);
    registry.heal();
    const made = await rechunkReference(at("builds/before:1"), at("app:latest"), options());
    expect(made.rechunked[0]!.layers.length).toBeGreaterThan(16);
  });
});
