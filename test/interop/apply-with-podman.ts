// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { applyWithUmoci, type Applied, type BuiltStacks } from "./apply-with-peers.ts";
import { peer } from "./peers.ts";
import { factsOfDirectory } from "./tree-facts.ts";

/** Pulls every image into a store of its own with podman, and reads the tree that it mounts. */
export function applyWithPodman({ layout, images }: BuiltStacks): Promise<Applied[]> {
  const directory = join(dirname(layout), "by-podman");
  const storage = ["--root", join(directory, "root"), "--runroot", join(directory, "run")];
  // Of an absolute path podman makes a name for the image, and refuses it where it has capitals.
  const podman = (...words: string[]): string =>
    execFileSync("podman", [...storage, "--storage-driver", "vfs", ...words], {
      cwd: dirname(layout),
      encoding: "utf8",
      stdio: "pipe",
    }).trim();
  const applied = [...images.keys()].map((at): Applied => {
    const image = podman("pull", "--quiet", `oci:${basename(layout)}:${at}`);
    const facts = factsOfDirectory(podman("image", "mount", image), { skipsUnreachable: true });
    podman("image", "unmount", image);
    return { facts, implied: new Set() };
  });
  rmSync(directory, { recursive: true, force: true });
  return Promise.resolve(applied);
}

/** Pulls every image with skopeo, which stores but does not unpack, and unpacks what it stored with umoci. */
export async function applyWithSkopeo(built: BuiltStacks): Promise<Applied[]> {
  const layout = `${built.layout}-by-skopeo`;
  for (const at of built.images.keys()) {
    const words = ["copy", "--quiet", `oci:${built.layout}:${at}`, `oci:${layout}:${at}`];
    execFileSync(peer("skopeo"), words, { stdio: "pipe" });
  }
  const applied = await applyWithUmoci({ ...built, layout });
  rmSync(layout, { recursive: true });
  return applied;
}
