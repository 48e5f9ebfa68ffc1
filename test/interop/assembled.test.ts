// SPDX-License-Identifier: MIT
import { beforeAll, describe, expect, it } from "vitest";
import { assemble } from "../../src/assemble/assemble.ts";
import type { Recipe } from "../../src/assemble/recipe/recipe.ts";
import { describeImage, makeIndex } from "../../src/image/index-document.ts";
import { readImage } from "../../src/image/image.ts";
import { sourceOf } from "../../src/bytes/bytes.ts";
import { copy } from "../../src/store/copy/copy.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { serveRegistry } from "../../src/server/serve.ts";
import { makeImage } from "../fixtures/layers.ts";
import { ARCHITECTURES, writeFamily } from "./families.ts";
import { factsByUmoci, readAllOf } from "./images.ts";
import { oddLayer } from "./odd-layers.ts";
import { runPeer } from "./peers.ts";
import { makeScratch } from "./scratch.ts";
import type { Facts } from "./tree-facts.ts";

const scratch = makeScratch();
const inputs = scratch.path("inputs");
const COPIED = [
  "/odd",
  "/usr",
  "/tmp",
  "/attributed",
  "/big",
  "/dev",
  "/dangling",
  "/self",
  "/far",
];

beforeAll(async () => {
  const store = await openLayout(inputs, { create: true });
  await writeFamily(store);
  await makeImage([oddLayer()], { store, tag: "odd", architecture: "riscv64" });
});

function recipe(architecture: string): Recipe {
  return {
    platform: { os: "linux", architecture },
    base: { reference: `oci:${inputs}:${architecture}` },
    artifacts: { odd: { reference: `oci:${inputs}:odd` } },
    layers: [
      {
        name: "copies",
        steps: COPIED.map((path) => ({ kind: "copy", from: "odd", path, to: `/opt${path}` })),
      },
      {
        name: "links",
        steps: [
          { kind: "link", path: "/usr/local/bin/cc", target: "/opt/usr/su" },
          { kind: "directory", path: "/var/empty", mode: 0o1777, owner: { uid: 7, gid: 8 } },
          { kind: "file", path: "/etc/made", content: "by a recipe\n", mode: 0o640 },
          { kind: "remove", path: "/etc/os-release" },
          { kind: "copy", from: "odd", path: "/hard", to: "/opt/alone" },
        ],
      },
    ],
    config: { env: { PATH: "/usr/local/bin:${PATH}" }, entrypoint: ["/opt/usr/su"] },
  };
}

/** The facts of what was copied to /opt, under the paths that it had before. */
function copied(facts: Facts): Facts {
  const entries = Object.entries(facts).filter(([path]) => path.startsWith("/opt/"));
  return Object.fromEntries(
    entries.map(([path, fact]) => [
      path.slice(4),
      { ...fact, names: fact.names.map((name) => name.slice(4)) },
    ]),
  );
}

describe("an image that assemble makes", () => {
  it.each(["gzip", "zstd"] as const)("is unpacked by umoci, %s", async (compression) => {
    const layout = scratch.path(compression);
    const target = await openLayout(layout, { create: true });
    await assemble(recipe("amd64"), { target, compression, tag: "made" });
    const { facts } = await readAllOf(`oci:${layout}:made`);
    const theirs = await factsByUmoci(`${layout}:made`, scratch.path("bundle"));
    // no layer of the recipe names the root, and umoci changes its time by making directories in it
    expect(theirs).toEqual({ ...facts, "/": { ...facts["/"], mtime: theirs["/"]?.mtime } });
    expect(facts["/etc/os-release"]).toBeUndefined();
    expect(facts["/usr/local/bin/cc"]?.content).toBe("/opt/usr/su");
    expect(facts["/var/empty"]).toMatchObject({ mode: "1777", owner: "7:8" });

    const source = (await readAllOf(`oci:${inputs}:odd`)).facts;
    const { "/alone": alone, ...rest } = copied(facts);
    const below = Object.entries(source).filter(([path]) =>
      COPIED.some((root) => path === root || path.startsWith(`${root}/`)),
    );
    // its third name, /hard, was copied into another layer, as a file of its own
    const expected = below.map(([path, fact]) => [
      path,
      { ...fact, names: fact.names.filter((name) => name !== "/hard") },
    ]);
    expect(rest).toEqual(Object.fromEntries(expected));
    expect(alone).toEqual({ ...source["/hard"], names: [] });
  });

  it("for three architectures under one index is read from our server by every peer", async () => {
    const server = await serveRegistry({ directory: scratch.path("served") });
    try {
      const layout = await openLayout(scratch.path("family"), { create: true });
      const images = [];
      for (const architecture of ARCHITECTURES) {
        const { descriptor } = await assemble(recipe(architecture), {
          target: layout,
          tag: architecture,
        });
        images.push(await readImage(layout, descriptor));
      }
      const index = makeIndex(images.map(describeImage));
      await layout.push(index.descriptor, sourceOf(index.bytes));
      await layout.tag(index.descriptor, "family");
      const name = `${server.host}:${server.port}/made/runtime:family`;
      const flags = ["--all", "--preserve-digests", "--dest-tls-verify=false"];
      await runPeer("skopeo", [
        "copy",
        "-q",
        ...flags,
        `oci:${layout.directory}:family`,
        `docker://${name}`,
      ]);
      await runPeer("crane", ["validate", "--remote", name]);
      expect((await runPeer("oras", ["resolve", "--plain-http", name])).trim()).toBe(
        index.descriptor.digest,
      );
      const pulled = scratch.path("pulled");
      await runPeer("crane", ["pull", "--format", "oci", name, pulled]);
      const again = await openLayout(pulled);
      const { skipped } = await copy(again, index.descriptor, layout);
      expect(skipped.count).toBeGreaterThan(10);
      for (const [at, architecture] of ARCHITECTURES.entries()) {
        const config = await runPeer("crane", [
          "config",
          "--platform",
          `linux/${architecture}`,
          name,
        ]);
        expect(JSON.parse(config)).toEqual(images[at]!.config.value);
      }
    } finally {
      await server.close();
    }
  });
});
