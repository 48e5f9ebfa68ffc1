// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { basename } from "node:path";
import { buildImage, type LayerFile, type BuiltImage } from "../../src/testing/build-image.ts";
import type { ContentStore } from "../../src/store/store.ts";

const PROGRAMS = ["sh", "cat", "sleep", "grep"];

/** Writes an image with this machine's shell and a few programs, so that a Dockerfile can RUN something. */
export async function writeShellImage(
  store: ContentStore,
  more: Readonly<Record<string, LayerFile>> = {},
): Promise<BuiltImage> {
  const libraries = new Set<string>();
  const files: Record<string, LayerFile> = {};
  for (const name of PROGRAMS) {
    const path = execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
    files[`bin/${name}`] = { content: readFileSync(path), mode: 0o755 };
    const linked = execFileSync("ldd", [realpathSync(path)], { encoding: "utf8" });
    for (const [library] of linked.matchAll(/\/\S+/g)) libraries.add(library);
  }
  for (const library of libraries) {
    const place = basename(library).startsWith("ld-")
      ? library.slice(1)
      : `lib/${basename(library)}`;
    files[place] = { content: readFileSync(library), mode: 0o755 };
  }
  files["tmp/"] = "";
  return buildImage(store, { layers: [{ ...files, ...more }], config: { Env: ["PATH=/bin"] } });
}
