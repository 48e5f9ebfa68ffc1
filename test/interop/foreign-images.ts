// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openLayout } from "../../src/store/layout/layout.ts";
import { makeImage, makeTar } from "../fixtures/layers.ts";
import { changes, linkDown, oddLayer, returns } from "./odd-layers.ts";
import { execute, runPeer } from "./peers.ts";
import type { RunningDocker } from "./start-docker.ts";

// Writes images with everything that an image may contain, each by another program, into layouts on disk.

/** The programs that write the images. */
export const FOREIGN_IMAGES = [
  "code",
  "umoci",
  "buildah",
  "BuildKit",
  "skopeo, zstd",
  "skopeo, zstd:chunked",
  "umoci, of Debian",
] as const;
export type ForeignImage = (typeof FOREIGN_IMAGES)[number];

/** Packages that together make a real root filesystem. */
const PACKAGES = ["bash", "coreutils", "perl-base", "tzdata"];

/** Changes a root filesystem as people do: removes, replaces, links and renames files, and sets attributes. */
const CHANGE = `
set -e
cd "$1"
rm usr/write
rm -r odd && mkdir odd && echo new >odd/only
chmod 0711 usr
rm hard && ln usr/shared hard-again
rm self && mkdir -m 1777 self
rm -r attributed && ln -s usr attributed
mv tmp/old tmp/older
setfattr -n user.late -v later usr/secret
touch -d '2001-02-03 04:05:06.123456789' usr/secret tmp
mknod new-device c 1 7
mkfifo -m 0620 new-pipe
`;

/** Writes all images below a directory, and returns the reference of each: `LAYOUT:TAG`. */
export async function writeForeignImages(
  directory: string,
  docker: RunningDocker,
): Promise<Readonly<Record<ForeignImage, string>>> {
  const tar = join(directory, "odd.tar");
  writeFileSync(tar, makeTar(oddLayer()));
  const layout = (name: string): string => `${join(directory, name)}:latest`;
  const images = {
    code: layout("code"),
    umoci: layout("umoci"),
    buildah: layout("buildah"),
    BuildKit: layout("buildkit"),
    "skopeo, zstd": layout("zstd"),
    "skopeo, zstd:chunked": layout("chunked"),
    "umoci, of Debian": layout("debian"),
  };
  const store = await openLayout(join(directory, "code"), { create: true });
  await makeImage([oddLayer(), linkDown(), changes(), returns()], { store, tag: "latest" });
  await writeWithUmoci(directory, images.umoci, tar);
  await writeWithBuildah(directory, images.buildah, tar);
  await writeWithBuildKit(directory, docker, tar);
  for (const format of ["zstd", "zstd:chunked"] as const) {
    const words = ["copy", "-q", "--dest-compress-format", format, "--dest-force-compress-format"];
    await runPeer("skopeo", [
      ...words,
      `oci:${images.umoci}`,
      `oci:${images[`skopeo, ${format}`]}`,
    ]);
  }
  await writeDebian(directory, images["umoci, of Debian"]);
  return images;
}

async function writeWithUmoci(directory: string, image: string, tar: string): Promise<void> {
  const bundle = join(directory, "umoci-bundle");
  const rootfs = join(bundle, "rootfs");
  const umoci = (...words: string[]): Promise<string> => runPeer("umoci", words);
  await umoci("init", "--layout", image.replace(/:latest$/, ""));
  await umoci("new", "--image", image);
  await umoci("unpack", "--image", image, bundle);
  extract(tar, rootfs);
  await umoci("repack", "--refresh-bundle", "--image", image, bundle);
  change(rootfs);
  await umoci("repack", "--refresh-bundle", "--image", image, bundle);
}

async function writeWithBuildah(directory: string, image: string, tar: string): Promise<void> {
  const storage = join(directory, "buildah-storage");
  const options = ["--root", storage, "--runroot", `${storage}-run`, "--storage-driver", "vfs"];
  const buildah = async (...words: string[]): Promise<string> =>
    (await execute("buildah", [...options, ...words])).trim();
  let from = "scratch";
  const edits = [(root: string) => extract(tar, root), (root: string) => change(root)];
  for (const [number, edit] of edits.entries()) {
    const container = await buildah("from", from);
    edit(await buildah("mount", container));
    from = `layer-${number}`;
    await buildah("commit", "-q", container, from);
  }
  await buildah("push", "-q", from, `oci:${image}`);
}

async function writeWithBuildKit(
  directory: string,
  docker: RunningDocker,
  tar: string,
): Promise<void> {
  const context = join(directory, "context");
  mkdirSync(join(context, "more/deep"), { recursive: true });
  writeFileSync(join(context, "more/deep/file"), "more\n");
  copyFileSync(tar, join(context, "odd.tar"));
  const lines = [
    "FROM scratch AS odd",
    "ADD odd.tar /",
    "FROM scratch",
    "COPY --from=odd / /",
    "COPY --chown=7:8 --chmod=0751 more /usr/more",
    "COPY --link more /tmp",
    "WORKDIR /srv/work",
  ];
  writeFileSync(join(context, "Dockerfile"), lines.join("\n"));
  const output = `type=oci,tar=false,name=latest,dest=${join(directory, "buildkit")}`;
  const words = ["--progress=quiet", "--provenance=false", "-o", output, context];
  await docker.run("buildx", "build", ...words);
}

/** Writes a real root filesystem of a few thousand files, in one layer. */
export async function writeDebian(directory: string, image: string): Promise<void> {
  const tree = join(directory, "debian-tree");
  const script = join(import.meta.dirname, "../../scripts/debian-rootfs.sh");
  await execute(script, ["amd64", tree, ...PACKAGES]);
  const tar = join(directory, "debian.tar");
  await execute("tar", [
    "--numeric-owner",
    "--xattrs",
    "--format=pax",
    "-C",
    tree,
    "-cf",
    tar,
    ".",
  ]);
  await runPeer("umoci", ["init", "--layout", image.replace(/:latest$/, "")]);
  await runPeer("umoci", ["new", "--image", image]);
  await runPeer("umoci", ["raw", "add-layer", "--image", image, tar]);
}

function extract(tar: string, directory: string): void {
  const words = ["--xattrs", "--xattrs-include=*", "--delay-directory-restore", "--numeric-owner"];
  execFileSync("tar", [...words, "--warning=no-timestamp", "-xpf", tar, "-C", directory]);
}

/** Changes a root filesystem as people do. */
export function change(directory: string): void {
  execFileSync("sh", ["-c", CHANGE, "change", directory]);
}
