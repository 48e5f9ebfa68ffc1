// SPDX-License-Identifier: MIT
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { putText } from "../../../test/fixtures/family.ts";
import { openReference } from "../../image/open-reference.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { MediaType } from "../../oci/media-types.ts";
import { serveRegistry, type RegistryServer } from "../../server/serve.ts";
import { openReferrers } from "../../store/referrers/find-referrers.ts";
import { openLayout, type LayoutStore } from "../../store/layout/layout.ts";
import { readManifest } from "../../store/read-documents.ts";
import {
  buildImage,
  buildLayer,
  pushDocument,
  type LayerFiles,
} from "../../testing/build-image.ts";
import { parseArtifactFile } from "./artifact-files.ts";
import { pullArtifact } from "./pull-artifact.ts";
import { attachArtifact, pushArtifact } from "./push-artifact.ts";

const artifactType = "application/x.test";

let before: string;
let directory: string;
let server: RegistryServer;
let layout: LayoutStore;

beforeEach(async () => {
  before = process.cwd();
  directory = mkdtempSync(join(tmpdir(), "oci-kit-artifact-"));
  server = await serveRegistry({ directory: join(directory, "served") });
  layout = await openLayout(join(directory, "layout"), { create: true });
  mkdirSync(join(directory, "work/sub/tree/deep"), { recursive: true });
  process.chdir(join(directory, "work"));
  writeFileSync("one.txt", "one");
  writeFileSync("sub/tree/run", "#!/bin/sh\n");
  chmodSync("sub/tree/run", 0o755);
  writeFileSync("sub/tree/deep/two", "two");
  symlinkSync("deep/two", "sub/tree/link");
});
afterEach(async () => {
  process.chdir(before);
  await server.close();
  rmSync(directory, { recursive: true });
});

const places = (): Record<string, string> => ({
  registry: `127.0.0.1:${server.port}/some/artifact:1`,
  layout: `oci:${directory}/pushed:1`,
  archive: `oci-archive:${directory}/pushed.tar:1`,
});

const FILES = ["one.txt:text/plain", "sub/tree"].map(parseArtifactFile);

describe.each(["registry", "layout", "archive"])("an artifact in a %s", (kind) => {
  it("gives the same files and directories back", async () => {
    const { descriptor, files } = await pushArtifact(places()[kind]!, FILES, { artifactType });
    const pulled = await pullArtifact(places()[kind]!, "out");
    expect(pulled).toMatchObject({ artifactType, descriptor: { digest: descriptor.digest } });
    expect(pulled.files.map(({ descriptor: file }) => file)).toEqual(files);
    expect(readFileSync("out/one.txt", "utf8")).toBe("one");
    expect(readFileSync("out/sub/tree/deep/two", "utf8")).toBe("two");
    expect(readlinkSync("out/sub/tree/link")).toBe("deep/two");
    expect(lstatSync("out/sub/tree/run").mode & 0o777).toBe(0o755);
    expect(readdirSync("out").sort()).toEqual(["one.txt", "sub"]);
  });
});

describe("an artifact", () => {
  it("has the form that oras gives it", async () => {
    const { descriptor } = await pushArtifact(places()["layout"]!, FILES, { artifactType });
    const { store } = await openReference(places()["layout"]!);
    const { artifactType: type, config, layers } = (await readManifest(store, descriptor)).value;
    expect([type, config.mediaType, config.data]).toEqual([artifactType, MediaType.empty, "e30="]);
    expect(layers[0]).toMatchObject({
      mediaType: "text/plain",
      annotations: { "org.opencontainers.image.title": "one.txt" },
    });
    expect(layers[1]).toMatchObject({
      mediaType: MediaType.layerGzip,
      annotations: {
        "io.deis.oras.content.unpack": "true",
        "io.deis.oras.content.digest": expect.stringMatching(/^sha256:/) as string,
        "org.opencontainers.image.title": "sub/tree",
      },
    });
  });

  it("is the same one every time", async () => {
    const push = async (place: string) => pushArtifact(place, FILES, { artifactType });
    const first = await push(places()["layout"]!);
    expect((await push(places()["registry"]!)).descriptor).toEqual(first.descriptor);
  });

  it("takes the last part of a path that leads out of the working directory as its name", async () => {
    const files = [{ path: join(directory, "work/one.txt") }, { path: "../work/sub/tree" }];
    const { files: pushed } = await pushArtifact(places()["layout"]!, files, { artifactType });
    const titles = pushed.map((file) => file.annotations?.["org.opencontainers.image.title"]);
    expect(titles).toEqual(["one.txt", "tree"]);
  });

  it.each([
    [[{ path: "one.txt" }, { path: "./one.txt" }], artifactType, "invalid-argument"],
    [[{ path: "one.txt" }], "no type", "invalid-argument"],
    [[{ path: "missing" }], artifactType, "not-found"],
    [[], artifactType, "invalid-argument"],
  ])("is not made of %j with the type %s", async (files, type, code) => {
    const push = async () => pushArtifact(places()["layout"]!, files, { artifactType: type });
    await expect(push()).rejects.toMatchObject({ code });
    expect(existsSync(join(directory, "pushed"))).toBe(false);
  });

  it.each(["registry", "layout"])("is attached to an image in a %s without a tag", async (kind) => {
    const place = places()[kind]!;
    const subject = await pushArtifact(place, FILES, { artifactType });
    const { descriptor } = await attachArtifact(place, [{ path: "one.txt" }], { artifactType });
    const opened = await openReference(place);
    const { store } = opened;
    const found = await (await openReferrers(store)).of(subject.descriptor.digest);
    expect(found.map(({ digest }) => digest)).toEqual([descriptor.digest]);
    expect((await opened.root()).digest).toBe(subject.descriptor.digest);
    const pulled = await pullArtifact(`${place.replace(/:1$/, "")}@${descriptor.digest}`, "out");
    expect(pulled.files.map(({ title }) => title)).toEqual(["one.txt"]);
  });

  it("is not written in a dry run", async () => {
    const options = { artifactType, dryRun: true };
    const planned = await pushArtifact(places()["layout"]!, FILES, options);
    expect(existsSync(join(directory, "pushed"))).toBe(false);
    const pushed = await pushArtifact(places()["layout"]!, FILES, { artifactType });
    expect(pushed.descriptor).toEqual(planned.descriptor);
  });
});

describe("pulling", () => {
  const titled = (descriptor: Descriptor, title: string, more: object = {}): Descriptor => ({
    ...descriptor,
    annotations: { "org.opencontainers.image.title": title, ...more },
  });
  const pull = async (layers: readonly Descriptor[], options = {}) => {
    const config = await putText(layout, MediaType.empty, "{}");
    const value = { schemaVersion: 2, artifactType, config, layers };
    const manifest = await pushDocument(layout, MediaType.manifest, value);
    return pullArtifact(`oci:${directory}/layout@${manifest.digest}`, "out", options);
  };
  const tar = async (title: string, files: LayerFiles): Promise<Descriptor> => {
    const { descriptor, diffId } = await buildLayer(layout, files);
    const more = { "io.deis.oras.content.unpack": "true", "io.deis.oras.content.digest": diffId };
    return titled(descriptor, title, more);
  };
  const nothing = (): void => expect(existsSync("out") ? readdirSync("out") : []).toEqual([]);

  it.each(["../x", "/etc/x", "a/../../x", "..", ".", "a//b", "a/./b", "a\\..\\b", "a\0b"])(
    "refuses a title that leads elsewhere, and writes nothing: %j",
    async (title) => {
      const text = await putText(layout, "text/plain", "x");
      const layers = [titled(text, "fine"), titled(text, title)];
      await expect(pull(layers)).rejects.toMatchObject({ code: "path-escape" });
      nothing();
      expect(readdirSync(".").sort()).not.toContain("x");
    },
  );

  it("refuses a title of a million characters at once", async () => {
    const text = await putText(layout, "text/plain", "x");
    const layer = titled(text, `${"/".repeat(1 << 20)}x`);
    await expect(pull([layer])).rejects.toMatchObject({ code: "limit-exceeded" });
  });

  it("refuses a title below what another layer is, which could be a link there", async () => {
    const text = await putText(layout, "text/plain", "x");
    const evil = await tar("a", { "a/": "", "a/b": { symlink: "/tmp" } });
    await expect(pull([evil, titled(text, "a/b/c")])).rejects.toMatchObject({
      code: "path-escape",
    });
    await expect(pull([titled(text, "a"), titled(text, "a")])).rejects.toMatchObject({
      code: "path-escape",
    });
    nothing();
  });

  it("refuses a tar with anything beside its title", async () => {
    for (const files of [{ "a/": "", "../b": "x" }, { "a/": "", b: "x" }, { a: "x" }, {}]) {
      const layer = await tar("a", files);
      await expect(pull([layer])).rejects.toMatchObject({ code: "path-escape" });
      nothing();
    }
  });

  it("does not write through a link in the directory", async () => {
    mkdirSync("out");
    mkdirSync("elsewhere");
    symlinkSync("../elsewhere", "out/sub");
    const text = await putText(layout, "text/plain", "x");
    for (const replace of [false, true]) {
      const pulling = pull([titled(text, "sub/file")], { replace });
      await expect(pulling).rejects.toMatchObject({ code: "path-escape" });
    }
    expect(readdirSync("elsewhere")).toEqual([]);
  });

  it("refuses what is there already, and replaces it when it may", async () => {
    mkdirSync("out/a", { recursive: true });
    writeFileSync("out/a/old", "old");
    symlinkSync("../one.txt", "out/f");
    const text = await putText(layout, "text/plain", "x");
    const layers = [await tar("a", { "a/": "", "a/new": "n" }), titled(text, "f")];
    await expect(pull(layers)).rejects.toMatchObject({ code: "already-exists" });
    expect(readdirSync("out/a")).toEqual(["old"]);
    await pull(layers, { replace: true });
    expect(readdirSync("out/a")).toEqual(["new"]);
    expect(readFileSync("out/f", "utf8")).toBe("x");
    expect(readFileSync("one.txt", "utf8")).toBe("one");
    expect(readdirSync("out").sort()).toEqual(["a", "f"]);
  });

  it("leaves nothing behind when content is damaged", async () => {
    const text = await putText(layout, "text/plain", "right");
    writeFileSync(join(directory, "layout/blobs", text.digest.replace(":", "/")), "wrong");
    const fine = await putText(layout, "text/plain", "fine");
    const layers = [titled(fine, "fine"), titled(text, "broken")];
    await expect(pull(layers)).rejects.toMatchObject({ code: "digest-mismatch" });
    nothing();
  });

  it("unpacks a tar that does not say its digest, and refuses one that says another", async () => {
    const { descriptor } = await buildLayer(layout, { "a/": "", "a/b": "1" });
    const unpack = { "io.deis.oras.content.unpack": "true" };
    await pull([titled(descriptor, "a", unpack)]);
    expect(readFileSync("out/a/b", "utf8")).toBe("1");
    const wrong = { ...unpack, "io.deis.oras.content.digest": `sha256:${"0".repeat(64)}` };
    const pulling = pull([titled(descriptor, "a", wrong)], { replace: true });
    await expect(pulling).rejects.toMatchObject({ code: "diff-id-mismatch" });
  });

  it("names layers without a title, and refuses an artifact that has no other, and an image", async () => {
    const text = await putText(layout, "text/plain", "x");
    const other = await putText(layout, "text/plain", "y");
    expect((await pull([titled(text, "f"), other])).skipped).toEqual([other]);
    await expect(pull([other])).rejects.toMatchObject({ code: "not-found" });
    await buildImage(layout, { layers: [{ a: "1" }], tag: "image" });
    const pulling = pullArtifact(`oci:${directory}/layout:image`, "image");
    await expect(pulling).rejects.toMatchObject({ code: "not-found" });
    expect(existsSync("image")).toBe(false);
  });
});

it.each([
  ["a.txt", { path: "a.txt" }],
  ["a.txt:text/plain", { path: "a.txt", mediaType: "text/plain" }],
  ["a:b.txt", { path: "a:b.txt" }],
  ["a:b/c.txt:text/plain", { path: "a:b/c.txt", mediaType: "text/plain" }],
  ["./dir/", { path: "./dir/" }],
])("the argument %s names a file, and its type if it has one", (text, file) => {
  expect(parseArtifactFile(text)).toEqual(file);
});
