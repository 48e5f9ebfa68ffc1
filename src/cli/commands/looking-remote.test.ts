// SPDX-License-Identifier: MIT
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProject, type Project } from "../../../test/fixtures/project.ts";
import {
  startRecordingProxy,
  type RecordingProxy,
} from "../../../test/fixtures/recording-proxy.ts";
import { directory, file } from "../../../test/fixtures/layers.ts";
import { buildTableImage } from "../../../test/fixtures/table-layers.ts";
import type { Compression } from "../../oci/media-types.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { buildImage, type BuiltImage } from "../../testing/build-image.ts";

/** So large that it does not fit into the buffers of two connections. */
const LARGE = 32_000_000;

let project: Project;
let proxy: RecordingProxy;
let image: string;
let layers: BuiltImage["layers"];

beforeEach(async () => {
  project = await createProject();
  proxy = await startRecordingProxy(project.server.port);
  image = `${proxy.host}/looked:1`;
});
afterEach(async () => {
  await proxy.close();
  await project.remove();
});

/** Pushes an image of three layers; the lowest has a small file between two others, the last of `size` bytes. */
async function push(compression: Compression, size = 1_000_000): Promise<void> {
  const store = await openLayout("local", { create: true });
  const base = { "a/1": randomBytes(100_000), "a/2": "small", "a/3": randomBytes(size) };
  const spec = { layers: [base, { "b/1": "b" }, { "c/1": "c" }], compression };
  ({ layers } = await buildImage(store, { ...spec, tag: "1" }));
  await project.run("copy", "oci:local:1", `127.0.0.1:${project.server.port}/looked:1`);
}

/** Pushes an image of four layers, whose entries have their directories with them. */
async function pushDeep(): Promise<void> {
  const store = await openLayout("local", { create: true });
  const spec = {
    layers: [
      { "base/": "", "base/file": "b", "base/gone": "g", "opaque/": "", "opaque/old": "o" },
      { "usr/": "", "usr/x": "u", "top/": "", "top/below": "" },
      {
        "middle/": "",
        "middle/file": "m",
        "opaque/": "",
        "opaque/.wh..wh..opq": "",
        "opaque/new": "",
      },
      {
        "base/": "",
        "base/.wh.gone": "",
        "top/": "",
        "top/file": "t",
        "top/link": { symlink: "file" },
      },
    ],
    tag: "1",
  };
  ({ layers } = await buildImage(store, spec));
  await project.run("copy", "oci:local:1", `127.0.0.1:${project.server.port}/looked:1`);
}

/** What a command costs: the layers that it asks for, and all bytes that come. */
async function cost(...words: string[]): Promise<{ asked: number[]; bytes: number }> {
  const [requests, bytes] = [proxy.requests.length, proxy.bytes()];
  const { status, stderr } = await project.run(...words);
  expect(stderr).toBe("");
  expect(status).toBe(0);
  const asked = proxy.requests
    .slice(requests)
    .map((request) => layers.findIndex(({ digest }) => request.includes(digest)))
    .filter((layer) => layer >= 0);
  return { asked: asked.sort(), bytes: proxy.bytes() - bytes };
}

describe("looking into a remote image", () => {
  it("reads each layer once; the second look reads none, and does not ask for one", async () => {
    await push("gzip");
    const first = await cost("ls", "-R", image);
    expect(first.asked).toEqual([0, 1, 2]);
    for (const words of [
      ["ls", "-lR", image],
      ["find", image, "--name", "1"],
      ["stat", image, "/a/2"],
      ["history", image],
      ["history", image, "/b/1"],
      ["ls", image, "--layer", "1"],
      ["diff", image, image],
    ]) {
      const { asked, bytes } = await cost(...words);
      expect(asked).toEqual([]);
      expect(bytes).toBeLessThan(10_000);
    }
  });

  it.each(["zstd:chunked", "eStargz"] as const)(
    "reads of a layer of %s its table and the file's bytes, and the second time the file's alone",
    async (kind) => {
      const store = await openLayout("local", { create: true });
      const large = Array.from({ length: 8 }, (_, at) => file(`large/${at}`, randomBytes(200_000)));
      ({ layers } = await buildTableImage(store, kind, [[directory("large"), ...large]], {
        tag: "1",
      }));
      await project.run("copy", "oci:local:1", `127.0.0.1:${project.server.port}/looked:1`);
      expect((await cost("cat", image, "/large/3")).bytes).toBeLessThan(205_000);
      expect((await cost("cat", image, "/large/3")).bytes).toBeLessThan(203_000);
      expect((await cost("ls", "-lR", image)).bytes).toBeLessThan(3000);
      const { bytes } = await project.run("cat", image, "/large/7");
      expect(Buffer.compare(bytes!, large[7]!.content)).toBe(0);
    },
  );

  it.each(["gzip", "zstd"] as const)(
    "reads of %s each layer once for the first cat, wherever in it the file is, and the second time up to the file",
    async (compression) => {
      await push(compression);
      const size = layers.reduce((sum, layer) => sum + layer.size, 0);
      const { asked, bytes } = await cost("cat", image, "/a/3");
      expect(asked).toEqual([0, 1, 2]);
      expect(bytes).toBeLessThan(size + 20_000);
      expect((await cost("cat", image, "/a/3")).asked).toEqual([0]);
    },
  );

  it("with --layer reads that layer alone", async () => {
    await push("gzip");
    expect((await cost("ls", image, "--layer", "1")).asked).toEqual([1]);
  });

  it.each<[string, string[], number[]]>([
    ["a file of the topmost layer", ["cat", "/top/file"], [3]],
    ["a file that the topmost layer has, through its own link", ["cat", "/top/link"], [3]],
    ["what a middle layer has", ["stat", "/middle/file"], [2, 3]],
    ["an opaque directory", ["ls", "/opaque"], [2, 3]],
    ["a directory that lower layers add to", ["ls", "/top"], [0, 1, 2, 3]],
    ["what only the lowest layer has", ["cat", "/base/file"], [0, 1, 2, 3]],
  ])("reads layers from the top, and no further than %s needs", async (_, [word, path], asked) => {
    await pushDeep();
    const first = await cost(word!, image, path!);
    expect(first.asked.filter((layer, at) => first.asked.indexOf(layer) === at)).toEqual(asked);
    // What was read is kept: the file alone may be read again.
    expect((await cost("stat", image, path!)).asked).toEqual([]);
  });

  it("knows by a whiteout of the topmost layer that a path is not there", async () => {
    await pushDeep();
    const requests = proxy.requests.length;
    const { status, stderr } = await project.run("cat", image, "/base/gone");
    expect(stderr).toContain("expected a path that exists, got nothing at /base/gone");
    expect(status).toBe(1);
    const blobs = proxy.requests.slice(requests).join();
    expect(layers.map(({ digest }) => blobs.includes(digest))).toEqual([false, false, false, true]);
  });

  it("reads for one file its layer, up to the file's end, once the layers are known", async () => {
    await push("gzip", LARGE);
    await cost("ls", image);
    const { asked, bytes } = await cost("cat", image, "/a/1");
    expect(asked).toEqual([0]);
    expect(bytes).toBeLessThan(LARGE / 2);
  });

  it("reads for one file of an uncompressed layer that file's bytes alone", async () => {
    await push("none");
    await cost("ls", image);
    const { asked, bytes } = await cost("cat", image, "/a/2");
    expect(asked).toEqual([0]);
    expect(bytes).toBeLessThan(10_000);
    expect((await project.run("cat", image, "/a/2")).bytes).toEqual(
      new TextEncoder().encode("small"),
    );
  });

  it("answers from kept indexes even when the registry has lost the layers", async () => {
    await push("gzip");
    await cost("ls", image);
    const { digest } = layers[1]!;
    rmSync(`../registry/blobs/sha256/${digest.slice("sha256:".length)}`);
    expect((await cost("ls", "-R", image)).asked).toEqual([]);
    const { status, stderr } = await project.run("cat", image, "/b/1");
    expect(stderr).toContain(digest.slice(7, 19));
    expect(status).toBe(1);
  });
});
