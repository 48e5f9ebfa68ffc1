// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { copy } from "../../src/store/copy/copy.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { makeImage, makeTar } from "../fixtures/layers.ts";
import { PLATFORMS, writeFamily, type Family } from "./families.ts";
import { factsByUmoci, readAllOf } from "./images.ts";
import { execute, runPeer } from "./peers.ts";
import { changes, oddLayer, returns } from "./odd-layers.ts";
import { makeScratch } from "./scratch.ts";
import { factsOfDirectory, withoutTimes, type Facts } from "./tree-facts.ts";

const scratch = makeScratch();
const layout = scratch.path("layout");
let family: Family;
let odd: Facts;

beforeAll(async () => {
  const store = await openLayout(layout, { create: true });
  family = await writeFamily(store);
  await makeImage([oddLayer(), changes(), returns()], { store, tag: "odd" });
  odd = (await readAllOf(`oci:${layout}:odd`)).facts;
});

const skopeo = (...words: string[]): Promise<string> => runPeer("skopeo", ["copy", "-q", ...words]);
const umoci = (...words: string[]): Promise<string> => runPeer("umoci", words);

describe("a layout that skopeo writes", () => {
  const plain = scratch.path("plain");

  beforeAll(async () => {
    await skopeo("--dest-decompress", `oci:${layout}:odd`, `dir:${plain}`);
  });

  it.each([
    ["", ["--preserve-digests"]],
    ["+gzip", ["--dest-compress-format", "gzip"]],
    ["+gzip", ["--dest-compress-format", "gzip", "--dest-compress-level", "1"]],
    ["+zstd", ["--dest-compress-format", "zstd"]],
    ["+zstd", ["--dest-compress-format", "zstd:chunked"]],
  ])("is read from a layout with layers of type tar%s: %s", async (suffix, flags) => {
    const target = scratch.path(`skopeo${flags.join("")}`);
    await skopeo(...flags, `dir:${plain}`, `oci:${target}:odd`);
    const { image, facts } = await readAllOf(`oci:${target}:odd`);
    expect(facts).toEqual(odd);
    const types = new Set(image.manifest.value.layers.map(({ mediaType }) => mediaType));
    expect([...types]).toEqual([`application/vnd.oci.image.layer.v1.tar${suffix}`]);
    const told = await runPeer("skopeo", ["inspect", `oci:${target}:odd`]);
    expect((JSON.parse(told) as { Digest: string }).Digest).toBe(image.descriptor.digest);
  });

  it("is read from an oci-archive, also with an index", async () => {
    const file = scratch.path("skopeo-oci.tar");
    await skopeo("--all", `oci:${layout}:family`, `oci-archive:${file}:family`);
    for (const [at, platform] of PLATFORMS.entries()) {
      const { image, facts } = await readAllOf(`oci-archive:${file}:family`, platform);
      expect(facts).toEqual((await readAllOf(`oci:${layout}:${platform.architecture}`)).facts);
      expect(image.config.descriptor.digest).toBe(family.images[at]!.config.descriptor.digest);
    }
  });

  it("is read from a docker-archive, also with several images", async () => {
    const file = scratch.path("skopeo-docker.tar");
    const tags = ["--additional-tag", "example.org/odd:2"];
    await skopeo(...tags, `oci:${layout}:odd`, `docker-archive:${file}:example.org/odd:1`);
    for (const tag of ["example.org/odd:1", "example.org/odd:2"]) {
      const { image, facts } = await readAllOf(`docker-archive:${file}:${tag}`);
      expect(facts).toEqual(odd);
      const ours = await readAllOf(`oci:${layout}:odd`);
      expect(image.config.descriptor.digest).toBe(ours.image.config.descriptor.digest);
    }
  });
});

describe("a layout that umoci writes", () => {
  it("is read after insert, repack, raw add-layer and config", async () => {
    const made = scratch.path("umoci");
    const rootfs = scratch.make("tree");
    const tar = scratch.path("odd.tar");
    writeFileSync(tar, makeTar(oddLayer()));
    execFileSync("tar", ["--xattrs", "--xattrs-include=*", "-xpf", tar, "-C", rootfs]);
    const before = factsOfDirectory(rootfs);

    await umoci("init", "--layout", made);
    await umoci("new", "--image", `${made}:t`);
    await umoci("insert", "--image", `${made}:t`, rootfs, "/");
    expect(withoutRoot((await readAllOf(`oci:${made}:t`)).facts)).toEqual(
      withoutRoot(wholeSeconds(before)),
    );

    const bundle = scratch.path("bundle");
    await umoci("unpack", "--image", `${made}:t`, bundle);
    const change =
      "rm -r usr/su odd; mkdir odd; ln tmp/old again; ln -s nowhere tmp/link; chmod 700 tmp; rm self; mkdir self; echo in > self/file";
    await execute("sh", ["-c", change], { cwd: `${bundle}/rootfs` });
    await umoci("repack", "--image", `${made}:repacked`, bundle);
    rmSync(bundle, { recursive: true });
    const repacked = await readAllOf(`oci:${made}:repacked`);
    expect(withoutTimes(repacked.facts)).toEqual(
      withoutTimes(await factsByUmoci(`${made}:repacked`, bundle)),
    );
    expect(repacked.facts["/self/file"]).toBeDefined();
    expect(repacked.facts["/usr/su"]).toBeUndefined();

    await umoci("insert", "--image", `${made}:repacked`, "--whiteout", "/tmp/link");
    await umoci("insert", "--image", `${made}:repacked`, "--opaque", `${rootfs}/dev`, "/usr");
    await umoci("raw", "add-layer", "--image", `${made}:repacked`, tar);
    await umoci(
      "config",
      "--image",
      `${made}:repacked`,
      "--config.env",
      "A=b",
      "--architecture",
      "riscv64",
    );
    const { image, facts } = await readAllOf(`oci:${made}:repacked`);
    expect(image.config.value).toMatchObject({ architecture: "riscv64", config: { Env: ["A=b"] } });
    const theirs = await factsByUmoci(`${made}:repacked`, bundle);
    expect(withoutRoot(facts)).toEqual(withoutRoot(theirs));
    for (const tag of ["t", "repacked"]) {
      const stat = JSON.parse(await umoci("stat", "--json", "--image", `${made}:${tag}`)) as Stat;
      const read = await readAllOf(`oci:${made}:${tag}`);
      const layers = stat.history.flatMap(({ layer }) => layer?.digest ?? []);
      expect(layers).toEqual(read.image.manifest.value.layers.map(({ digest }) => digest));
    }
  });

  it("is read when its layers are packed with zstd", async () => {
    const made = scratch.path("umoci-zstd");
    const rootfs = scratch.make("small");
    writeFileSync(`${rootfs}/file`, "content");
    await umoci("init", "--layout", made);
    await umoci("new", "--image", `${made}:t`);
    await umoci("insert", "--compress", "zstd", "--image", `${made}:t`, rootfs, "/opt");
    const { facts } = await readAllOf(`oci:${made}:t`);
    expect(facts).toEqual({
      ...(await factsByUmoci(`${made}:t`, scratch.path("bundle"))),
      "/": facts["/"],
    });
    expect(facts["/opt/file"]?.content).toMatch(/^7 sha256:/);
  });
});

describe("a layout that crane or oras writes", () => {
  it("is read after crane append of a sparse file, and of a tar in GNU's own format", async () => {
    const tree = scratch.make("sparse");
    const make =
      "truncate -s 3000000 hole; printf end >> hole; mkdir -p d; ln hole d/hard; ln -s ../hole d/soft; touch -d '2001-02-03 04:05:06.5' d/* -h";
    await execute("sh", ["-c", make], { cwd: tree });
    for (const format of ["gnu", "posix", "pax-sparse-0.1"]) {
      const tar = scratch.path(`${format}.tar`);
      const flags = format === "pax-sparse-0.1" ? ["posix", "--sparse-version=0.1"] : [format];
      const words = [
        "--sparse",
        `--format=${flags[0]}`,
        ...flags.slice(1),
        "-cf",
        tar,
        "-C",
        tree,
        ".",
      ];
      execFileSync("tar", words);
      const image = scratch.path(`appended-${format}.tar`);
      await runPeer("crane", [
        "append",
        "--oci-empty-base",
        "-f",
        tar,
        "-t",
        "x.example/sparse:1",
        "-o",
        image,
      ]);
      const { facts } = await readAllOf(`docker-archive:${image}`);
      const expected = factsOfDirectory(tree);
      expect(facts).toEqual(format === "gnu" ? wholeSeconds(expected) : expected);
    }
  });

  it("is read when oras made it with two tags", async () => {
    const target = scratch.path("oras");
    const words = ["cp", "--no-tty", "--from-oci-layout", `${layout}:family`];
    await runPeer("oras", [...words, "--to-oci-layout", `${target}:a,b`]);
    const store = await openLayout(target);
    expect(await store.capabilities.tags()).toEqual(["a", "b"]);
    for (const tag of ["a", "b"]) {
      expect((await store.resolve(tag)).digest).toBe(family.index.digest);
      const { skipped, copied } = await copy(store, family.index, await openLayout(layout));
      expect([skipped.count, copied.count]).toEqual([11, 0]);
    }
  });
});

interface Stat {
  readonly history: readonly { readonly layer: { readonly digest: string } | null }[];
}

/** Leaves out the root: umoci does not describe it when it inserts what is below, and then invents one. */
function withoutRoot(facts: Facts): Facts {
  return Object.fromEntries(Object.entries(facts).filter(([path]) => path !== "/"));
}

/** Rounds the times to whole seconds, as in a tar without PAX times. */
function wholeSeconds(facts: Facts): Facts {
  const entries = Object.entries(facts).map(([path, fact]) => {
    const mtime = fact.mtime.replace(/\d{9}$/, "000000000");
    return [path, { ...fact, mtime }] as const;
  });
  return Object.fromEntries(entries);
}
