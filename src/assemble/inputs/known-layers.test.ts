// SPDX-License-Identifier: MIT
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWorkspace, recipe, type Workspace } from "../../../test/fixtures/assemble.ts";
import { startCountingProxy, type CountingProxy } from "../../../test/fixtures/counting-proxy.ts";
import { directory, file, whiteout, type Piece } from "../../../test/fixtures/layers.ts";
import {
  buildTableImage,
  type TableChange,
  type TableKind,
  type TableRow,
} from "../../../test/fixtures/table-layers.ts";
import { fromText } from "../../bytes/byte-string.ts";
import { readImage } from "../../image/image.ts";
import type { Digest } from "../../oci/digest.ts";
import { openRepository, type RepositoryStore } from "../../registry/repository.ts";
import { openImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { TableAnnotation } from "../../rootfs/table/fetch-table.ts";
import { serveRegistry, type RegistryServer } from "../../server/serve.ts";
import { pushDocument } from "../../testing/build-image.ts";
import { assemble } from "../assemble.ts";
import type { AssembleOptions, AssembleResult } from "../assemble-options.ts";

let workspace: Workspace;
let server: RegistryServer;
let proxy: CountingProxy;
beforeEach(async () => {
  workspace = createWorkspace();
  server = await serveRegistry({ directory: `${workspace.directory}/registry` });
  proxy = await startCountingProxy(server.port);
});
afterEach(async () => {
  await proxy.close();
  await server.close();
  workspace.remove();
});

const repository = (name: string): RepositoryStore =>
  openRepository({ registry: proxy.host, repository: `family/${name}` });

const LARGE = randomBytes(200_000);
const WAY = [directory("opt"), directory("opt/x")];
const X = [...WAY, file("opt/x/tool", LARGE), file("opt/x/old", "old")];
const PASSWD = [directory("etc"), file("etc/passwd", "root::0:0::/:/bin/sh")];

/** Puts an artifact into the registry, and gives the digests of its layers. */
async function publish(
  layers: readonly (readonly Piece[])[],
  change: TableChange = {},
  kind: TableKind = "zstd:chunked",
): Promise<readonly Digest[]> {
  const made = await buildTableImage(repository("artifact"), kind, layers, {
    ...{ tag: "latest", ...change },
  });
  return made.layers.map(({ digest }) => digest);
}

/** Drops rows of a table. */
const hide = (...names: readonly string[]): TableChange => ({
  rows: (rows) => rows.filter(({ name }) => !names.includes(String(name))),
});

interface Made {
  readonly result: AssembleResult;
  readonly has: (path: string) => boolean;
  /** Bytes that came from the registry meanwhile. */
  readonly received: number;
}

async function make(options: Partial<AssembleOptions> = {}, name = "image"): Promise<Made> {
  const demo = { reference: `${proxy.host}/family/artifact:latest` };
  const steps = [{ kind: "copy", from: "demo", path: "/opt/x" }] as const;
  const target = repository(name);
  const cache = `${workspace.directory}/cache`;
  const before = proxy.requests.length;
  const what = recipe({ artifacts: { demo }, steps });
  const result = await assemble(what, { target, cache, ...options });
  const received = proxy.requests.slice(before).reduce((sum, one) => sum + one.received, 0);
  const tree = await openImageFilesystem(await readImage(target, result.descriptor));
  return { result, received, has: (path) => tree.lstat(fromText(path)) !== undefined };
}

const taken = ({ result }: Made): boolean[] =>
  result.layers.map(({ artifact }) => artifact === "demo");

describe("of an artifact in the target's registry", () => {
  it("each layer is read once, mounted, and known from then on to be what it is", async () => {
    await publish([X]);
    const first = await make();
    expect(first.result).toMatchObject({ layers: [{ action: "mounted" }], warnings: [] });
    expect(first.received).toBeGreaterThan(LARGE.length);
    const second = await make({}, "other");
    expect(second.result).toMatchObject({ layers: [{ action: "mounted" }], warnings: [] });
    expect(second.received).toBeLessThan(LARGE.length / 10);
  });

  it("no layer is read where tables are trusted, and what was not read is named", async () => {
    const [layer] = await publish([X]);
    const { result, received } = await make({ trustTables: true });
    expect(received).toBeLessThan(LARGE.length / 10);
    expect(result).toMatchObject({
      layers: [{ action: "mounted" }],
      warnings: [{ kind: "trusted-tables", where: "demo" }],
    });
    expect(result.warnings[0]!.message).toContain(layer);
    const known = await make({}, "known");
    expect(known.result.warnings).toEqual([]);
    const again = await make({ trustTables: true }, "again");
    expect(again.result.warnings).toEqual([]);
  });

  it("what was made by trust is made again for who does not trust, and has no other digest than where all was read", async () => {
    await publish([[...X, ...PASSWD]], hide("etc", "etc/passwd"));
    expect((await make({ trustTables: true })).has("/etc/passwd")).toBe(true);
    const { result, has } = await make();
    expect(result.changed).toBe(true);
    expect(has("/etc/passwd")).toBe(false);
    expect(
      (await make({ cache: `${workspace.directory}/fresh` }, "fresh")).result.descriptor,
    ).toEqual(result.descriptor);
  });

  it("a wrong diffID of an honest layer does not let another blob pass for it", async () => {
    await publish([X]);
    await make();
    const store = repository("artifact");
    const [layer] = await publish([[...X, ...PASSWD]], hide("etc", "etc/passwd"));
    const honest = await buildTableImage(store, "zstd:chunked", [X]);
    const { config, manifest } = await readImage(store, honest.manifest);
    const lying = await readImage(store, await store.resolve("latest"));
    expect(lying.manifest.value.layers[0]!.digest).toBe(layer);
    const made = await pushDocument(store, lying.manifest.value.mediaType!, {
      ...lying.manifest.value,
      config: manifest.value.config,
    });
    await store.tag(made, "latest");
    expect(config.value.rootfs.diff_ids).not.toEqual(lying.config.value.rootfs.diff_ids);
    await expect(make({}, "other")).rejects.toMatchObject({ code: "diff-id-mismatch" });
  });
});

const renamed = (name: string): TableChange => ({
  rows: (rows): TableRow[] =>
    rows.map((row) => (row["name"] === "etc/passwd" ? { ...row, name } : row)),
});

describe("a table of contents that", () => {
  it.each<[string, readonly (readonly Piece[])[], TableChange, string]>([
    ["leaves out files", [[...X, ...PASSWD]], hide("etc", "etc/passwd"), "/etc/passwd"],
    [
      "gives a file another path",
      [[...X, ...PASSWD]],
      { rows: (rows) => renamed("opt/x/passwd").rows!(hide("etc").rows!(rows)) },
      "/etc/passwd",
    ],
    [
      "leaves out a whiteout",
      [X, [whiteout("opt/x/.wh.old"), file("srv", "1")]],
      hide("opt/x/.wh.old"),
      "/opt/x/old",
    ],
    [
      "is that of another layer",
      [[...X, ...PASSWD]],
      { rows: (rows) => rows.slice(0, 3) },
      "/etc/passwd",
    ],
  ])("%s counts only where tables are trusted", async (_, layers, change, path) => {
    await publish(layers, change);
    const trusting = await make({ trustTables: true });
    expect([...taken(trusting), trusting.has(path)]).toEqual([true, true]);
    expect(trusting.result.warnings).toMatchObject([{ kind: "trusted-tables" }]);
    const careful = await make({}, "careful");
    expect([...taken(careful), careful.has(path)]).toEqual([false, false]);
    expect(careful.result.warnings).toEqual([]);
    expect(careful.has("/opt/x/tool")).toBe(true);
  });

  const position = (value: (at: string[]) => string[]): TableChange => ({
    annotations: (all) => {
      const at = value(all[TableAnnotation.zstdPosition]!.split(":"));
      return { ...all, [TableAnnotation.zstdPosition]: at.join(":") };
    },
  });
  it.each<[string, TableChange]>([
    [
      "is cut short",
      position(([at, length, ...rest]) => [at!, String(Number(length) - 9), ...rest]),
    ],
    ["lies outside the blob", position(([, ...rest]) => ["999999999", ...rest])],
    ["is larger than it says", position(([at, length, , type]) => [at!, length!, "5", type!])],
    [
      "has another digest",
      {
        annotations: (all) => ({
          ...all,
          [TableAnnotation.zstdChecksum]: `sha256:${"0".repeat(64)}`,
        }),
      },
    ],
    ["leads out of the root", renamed("../../etc/passwd")],
    ["has no list", { rows: () => [{ name: 5 }] }],
    [
      "links to what is not there",
      {
        rows: () => [
          { type: "hardlink", name: "opt/x/l", linkName: "no", modtime: "2024-01-01T00:00:00Z" },
        ],
      },
    ],
  ])("%s is not used though tables are trusted: the layer is read", async (_, change) => {
    await publish([[...X, ...PASSWD]], change);
    const made = await make({ trustTables: true });
    expect([...taken(made), made.has("/etc/passwd")]).toEqual([false, false]);
    expect(made.result.warnings).toEqual([]);
    expect(made.has("/opt/x/tool")).toBe(true);
  });

  it("gives a file that is written another digest is no match for what is read", async () => {
    await publish([[...X, ...PASSWD]], {
      rows: (rows) =>
        rows.map((row) =>
          row["name"] === "opt/x/old" ? { ...row, digest: `sha256:${"1".repeat(64)}` } : row,
        ),
    });
    const made = await make({ trustTables: true });
    expect([...taken(made), made.has("/opt/x/old")]).toEqual([false, true]);
    expect(made.result.warnings).toEqual([]);
  });

  it("an eStargz layer has is read where it is written from", async () => {
    await publish([[...X, ...PASSWD]], hide("etc", "etc/passwd"), "eStargz");
    const made = await make({ trustTables: true });
    expect([...taken(made), made.has("/etc/passwd")]).toEqual([false, false]);
  });
});
