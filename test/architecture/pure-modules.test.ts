// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { beforeAll, describe, expect, it } from "vitest";
import type * as BytesModule from "../../src/bytes/browser.ts";
import type * as ElfModule from "../../src/elf/index.ts";
import type * as LayerModule from "../../src/layer/index.ts";
import type * as OciModule from "../../src/oci/index.ts";
import { elf } from "../fixtures/layers.ts";
import { sourceOf, subpathImports } from "../subpath-imports.ts";
import { PURE } from "./levels.ts";

interface Bundled {
  readonly bytes: typeof BytesModule;
  readonly elf: typeof ElfModule;
  readonly layer: typeof LayerModule;
  readonly oci: typeof OciModule;
}

const root = join(import.meta.dirname, "../..");
/** The browser globals that these modules use. There is no `process`, `Buffer` or `require`. */
const GLOBALS = {
  AbortController,
  AbortSignal,
  DecompressionStream,
  TextDecoder,
  TextEncoder,
  URL,
  Uint8Array,
};

/** The result of bundling a module for browsers. */
interface Bundle {
  /** Defines the global `bundled`. */
  readonly code: string;
  readonly files: readonly string[];
  /** The imports that the bundle does not contain. */
  readonly imports: readonly string[];
}

async function bundle(module: string): Promise<Bundle> {
  const built = await rolldown({
    input: entryOf(module),
    platform: "browser",
    // The paths in tsconfig.json are for Node.
    tsconfig: false,
    resolve: { conditionNames: ["browser", "import"], alias: subpathImports("browser") },
    // An import that can't be resolved, such as a module of Node, must fail the test and not just warn.
    onLog: (_, log) => {
      throw new Error(log.message);
    },
  });
  const { output } = await built.generate({ format: "iife", name: "bundled" });
  await built.close();
  const { code, moduleIds, imports, dynamicImports } = output[0];
  return { code, files: moduleIds, imports: [...imports, ...dynamicImports] };
}

/** The file that `oci-kit/MODULE` stands for under the condition `browser`. */
function entryOf(module: string): string {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly exports: Readonly<
      Record<string, { readonly browser?: { readonly default: string }; readonly default: string }>
    >;
  };
  const entry = exports[`./${module}`]!;
  return sourceOf(entry.browser?.default ?? entry.default);
}

function run({ code }: Bundle): unknown {
  return runInNewContext(`${code};bundled`, GLOBALS);
}

describe.each([...PURE, "bytes"])("oci-kit/%s in a bundle for browsers", (module) => {
  it("loads no modules of Node, and runs without Node's globals", async () => {
    const bundled = await bundle(module);
    expect(bundled.imports).toEqual([]);
    expect(bundled.code).not.toMatch(/["']node:|\brequire\(/);
    expect(Object.keys(run(bundled) as object).length).toBeGreaterThan(0);
  });
});

describe("in a browser", () => {
  let kit: Bundled;
  beforeAll(async () => {
    const modules = ["bytes", "elf", "layer", "oci"];
    const loaded = modules.map(async (name) => [name, run(await bundle(name))] as const);
    kit = Object.fromEntries(await Promise.all(loaded)) as unknown as Bundled;
  });
  const text = (words: string): Uint8Array => new TextEncoder().encode(words);
  const sha256 = (bytes: Uint8Array): string =>
    `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

  async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of bytes) chunks.push(chunk.slice());
    return Buffer.concat(chunks);
  }

  /** A layer with one file, written by the bundle. */
  function writeTar(content: Uint8Array): Promise<Uint8Array> {
    const { layer, bytes } = kit;
    const entry = layer.makeEntry({
      type: "file",
      path: bytes.fromText("usr/bin/ü"),
      size: content.length,
    });
    return collect(layer.writeLayer([{ entry, content: bytes.once(content) }]));
  }

  it("digests are made by @noble/hashes and equal those of node:crypto", async () => {
    const bytes = new Uint8Array(300_000).fill(7);
    expect(kit.bytes.digestBytes(bytes)).toBe(sha256(bytes));
    expect(kit.bytes.digestBytes(bytes, "sha512")).toBe(
      `sha512:${createHash("sha512").update(bytes).digest("hex")}`,
    );
    const { files } = await bundle("bytes");
    expect(files.filter((file) => file.includes("/node_modules/@noble/hashes/"))).not.toEqual([]);
  });

  it("a gzip layer is verified, decompressed and read", async () => {
    const content = elf("riscv64");
    const tar = await writeTar(content);
    const diffId = kit.oci.parseDiffId(sha256(tar));
    const packed = kit.bytes.once(gzipSync(tar));
    const read: [string, string | undefined][] = [];
    for await (const item of kit.layer.readLayer(
      kit.bytes.decompressLayer(packed, "gzip", diffId),
    )) {
      const header = kit.elf.readElfHeader(await collect(item.content));
      read.push([kit.bytes.toText(item.entry.path), header && kit.elf.elfArchitecture(header)]);
    }
    expect(read).toEqual([["usr/bin/ü", "riscv64"]]);
  });

  it("a layer with another diffID is refused", async () => {
    const packed = gzipSync(await writeTar(text("one")));
    for (const inThread of [true, false]) {
      const diffId = kit.oci.parseDiffId(sha256(text("another")));
      const tar = kit.bytes.decompressLayer(kit.bytes.once(packed), "gzip", diffId, { inThread });
      await expect(collect(tar)).rejects.toMatchObject({ code: "diff-id-mismatch" });
    }
  });

  it("an unsupported compression is refused with an error that names it", async () => {
    const input = (): AsyncIterable<Uint8Array> => kit.bytes.once(text("anything"));
    for (const bytes of [
      kit.bytes.decompress(input(), "zstd"),
      kit.bytes.compress(input(), "zstd"),
      kit.bytes.compress(input(), "gzip"),
    ]) {
      await expect(collect(bytes)).rejects.toMatchObject({ code: "unsupported-compression" });
    }
  });
});
