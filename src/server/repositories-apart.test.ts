// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { digestBytes } from "../bytes/hash.ts";
import type { Digest } from "../oci/digest.ts";
import { openLayout } from "../store/layout/layout.ts";
import { collectGarbage } from "../store/prune/collect-garbage.ts";
import { CONFIG, describeDocument, imageOf, indexOf, LAYER } from "../testing/registry-client.ts";
import { registryClient } from "../testing/registry-client.ts";
import { serveRegistry } from "./serve.ts";

// Random pushes, mounts and deletes, beside a model of what each repository has.

const REPOSITORIES = ["own", "team/a", "team/a/b"] as const;
const TAGS = ["1", "latest", "x"] as const;
const BLOBS = [LAYER, CONFIG];
const IMAGES = [imageOf("one"), imageOf("two", { subject: describeDocument(imageOf("one")) })];
const MANIFESTS = [...IMAGES, indexOf(IMAGES.map((image) => describeDocument(image)))];
const blobDigests = BLOBS.map((bytes) => digestBytes(bytes));
const manifestDigests = MANIFESTS.map((bytes) => digestBytes(bytes));
const ONE = manifestDigests[0]!;
const TWO = manifestDigests[1]!;

interface Having {
  readonly blobs: Set<Digest>;
  readonly manifests: Set<Digest>;
  readonly tags: Map<string, Digest>;
}
type Model = ReadonlyMap<string, Having>;
type Client = ReturnType<typeof registryClient>;

interface Step {
  readonly what: string;
  /** Does it at the registry and in the model, and gives both statuses: answered and expected. */
  readonly act: (client: Client, model: Model) => Promise<readonly [number, number]>;
}

const repository = fc.constantFrom(...REPOSITORIES);
const tag = fc.constantFrom(...TAGS);
const blob = fc.nat(BLOBS.length - 1);
const manifest = fc.nat(MANIFESTS.length - 1);
const having = (model: Model, name: string): Having => model.get(name)!;

const pushBlob = fc.tuple(repository, blob).map(([name, at]): Step => ({
  what: `push blob ${at} to ${name}`,
  act: async (client, model) => {
    having(model, name).blobs.add(blobDigests[at]!);
    return [(await client.pushBlob(name, BLOBS[at]!)).status, 201];
  },
}));
const mount = fc.tuple(repository, repository, blob).map(([from, name, at]): Step => ({
  what: `mount blob ${at} from ${from} to ${name}`,
  act: async (client, model) => {
    const digest = blobDigests[at]!;
    const isThere = having(model, from).blobs.has(digest);
    if (isThere) having(model, name).blobs.add(digest);
    const path = `/v2/${name}/blobs/uploads/?mount=${digest}&from=${from}`;
    return [(await client.ask("POST", path)).status, isThere ? 201 : 202];
  },
}));
const put = fc.tuple(repository, manifest, fc.option(tag)).map(([name, at, tagged]): Step => ({
  what: `put manifest ${at} to ${name} as ${tagged}`,
  act: async (client, model) => {
    const { blobs, manifests, tags } = having(model, name);
    const digest = manifestDigests[at]!;
    const isWhole =
      at === MANIFESTS.length - 1
        ? manifests.has(ONE) && manifests.has(TWO)
        : blobDigests.every((part) => blobs.has(part));
    if (isWhole) manifests.add(digest);
    if (isWhole && tagged !== null) tags.set(tagged, digest);
    const answer = await client.putManifest(name, tagged ?? digest, MANIFESTS[at]!);
    return [answer.status, isWhole ? 201 : 404];
  },
}));
const deleteBlob = fc.tuple(repository, blob).map(([name, at]): Step => ({
  what: `delete blob ${at} in ${name}`,
  act: async (client, model) => {
    const digest = blobDigests[at]!;
    const was = having(model, name).blobs.delete(digest);
    return [(await client.ask("DELETE", `/v2/${name}/blobs/${digest}`)).status, was ? 202 : 404];
  },
}));
const deleteTag = fc.tuple(repository, tag).map(([name, tagged]): Step => ({
  what: `delete tag ${tagged} in ${name}`,
  act: async (client, model) => {
    const was = having(model, name).tags.delete(tagged);
    const answer = await client.ask("DELETE", `/v2/${name}/manifests/${tagged}`);
    return [answer.status, was ? 202 : 404];
  },
}));
const deleteManifest = fc.tuple(repository, manifest).map(([name, at]): Step => ({
  what: `delete manifest ${at} in ${name}`,
  act: async (client, model) => {
    const { manifests, tags } = having(model, name);
    const digest = manifestDigests[at]!;
    const was = manifests.delete(digest);
    for (const [tagged, named] of tags) if (named === digest) tags.delete(tagged);
    const answer = await client.ask("DELETE", `/v2/${name}/manifests/${digest}`);
    return [answer.status, was ? 202 : 404];
  },
}));
type Move = Step | "restart" | "collect garbage";
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: pushBlob },
  { weight: 2, arbitrary: mount },
  { weight: 6, arbitrary: put },
  { weight: 1, arbitrary: deleteBlob },
  { weight: 1, arbitrary: deleteTag },
  { weight: 2, arbitrary: deleteManifest },
  { weight: 1, arbitrary: fc.constantFrom("restart", "collect garbage") },
);

/** Asks for everything in every repository. */
async function expectAnswers(client: Client, model: Model): Promise<void> {
  for (const [name, { blobs, manifests, tags }] of model) {
    const status = async (path: string): Promise<number> =>
      (await client.ask("GET", `/v2/${name}/${path}`)).status;
    for (const digest of blobDigests) {
      expect([name, digest, await status(`blobs/${digest}`)]).toEqual([
        name,
        digest,
        blobs.has(digest) ? 200 : 404,
      ]);
    }
    for (const digest of manifestDigests) {
      expect([name, digest, await status(`manifests/${digest}`)]).toEqual([
        name,
        digest,
        manifests.has(digest) ? 200 : 404,
      ]);
    }
    for (const tagged of TAGS) {
      const answer = await client.ask("HEAD", `/v2/${name}/manifests/${tagged}`);
      expect(answer.headers["docker-content-digest"]).toBe(tags.get(tagged));
    }
    const list = await client.ask("GET", `/v2/${name}/tags/list`);
    const told = (JSON.parse(list.text) as { tags?: string[] }).tags ?? [];
    expect(told).toEqual([...tags.keys()].sort());
    const about = await client.ask("GET", `/v2/${name}/referrers/${ONE}`);
    const referrers = JSON.parse(about.text) as { manifests: { digest: string }[] };
    expect(referrers.manifests.map(({ digest }) => digest)).toEqual(
      manifests.has(TWO) ? [TWO] : [],
    );
  }
}

it("what a repository answers is changed by requests to that repository only", async () => {
  const play = async (moves: readonly Move[]): Promise<void> => {
    const top = await mkdtemp(join(tmpdir(), "oci-kit-test-"));
    const directory = join(top, "own");
    // Few entries fit into index.json, so that most tags are files.
    const start = (): ReturnType<typeof serveRegistry> =>
      serveRegistry({ directory, limits: { children: 2 } });
    let server = await start();
    try {
      const client = registryClient(() => server.url);
      const model: Model = new Map(
        REPOSITORIES.map((name) => [
          name,
          { blobs: new Set(), manifests: new Set(), tags: new Map() },
        ]),
      );
      for (const next of moves) {
        if (next === "restart") {
          await server.close();
          server = await start();
        } else if (next === "collect garbage") {
          await collectGarbage(await openLayout(directory));
        } else {
          const [answered, expected] = await next.act(client, model);
          expect([next.what, answered]).toEqual([next.what, expected]);
        }
        await expectAnswers(client, model);
      }
    } finally {
      await server.close();
      await rm(top, { recursive: true });
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(move, { minLength: 8, maxLength: 24 }), play), {
    numRuns: 6,
  });
});
