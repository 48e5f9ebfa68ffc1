// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Applied, BuiltStacks } from "./apply-with-peers.ts";
import { peer } from "./peers.ts";
import { factsOfDirectory } from "./tree-facts.ts";

/** Pulls every image into a store of the containers tools, with podman or skopeo, and reads the tree that podman mounts. */
export function applyWithStorage(
  program: "podman" | "skopeo",
  { layout, images }: BuiltStacks,
): Promise<Applied[]> {
  const directory = join(dirname(layout), `by-${program}`);
  const [root, run] = [join(directory, "root"), join(directory, "run")];
  const podman = (...words: string[]): string =>
    execFileSync(
      "podman",
      ["--root", root, "--runroot", run, "--storage-driver", "vfs", ...words],
      { encoding: "utf8", stdio: "pipe" },
    ).trim();
  const pull = (source: string, at: number): string => {
    if (program === "podman") return podman("pull", "--quiet", source);
    const name = `example.org/stack:${at}`;
    const target = `containers-storage:[vfs@${root}+${run}]${name}`;
    execFileSync(peer("skopeo"), ["copy", "--quiet", source, target], { stdio: "pipe" });
    return name;
  };
  try {
    const applied = [...images.keys()].map((at): Applied => {
      const image = pull(`oci:${layout}:${at}`, at);
      const facts = factsOfDirectory(podman("image", "mount", image), { skipsUnreachable: true });
      podman("image", "unmount", image);
      return { facts, implied: new Set() };
    });
    return Promise.resolve(applied);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
