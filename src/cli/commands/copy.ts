// SPDX-License-Identifier: MIT
import { Option } from "commander";
import { collect, prose, withRegistry, withReplace, type Register } from "../command.ts";
import type { CopyFlags } from "./copy-images.ts";

export const copyCommand: Register = (program, invoke) => {
  withReplace(withRegistry(program.command("copy <SRC> <DST>")))
    .summary("any store to any store")
    .description(
      prose(`
        Copies an image or an index with all it refers to between registries, layouts and archives.
        Every byte that is sent is verified; what the target has is not sent again, and not read either
        unless --verify-present says so; the tag is set last. An archive may name images that it does
        not hold, as docker save writes them: those that are there are copied, the others are listed.

        An index is copied whole. With --platform once, the image for it is taken; given again, the
        index of these images, which is another index: BuildKit's attestations stay with their images,
        and what is left out is listed. --format and --compression make other documents of the same
        configurations and contents. Every digest that changes is printed.

        --all-tags copies a repository or a layout with all its tags, or those that --filter takes, into
        another. A tag that is there already is skipped, one that fails stops no other; then the exit
        status is 1. The tags sha256-… that are lists of referrers (signatures and such, where the
        registry keeps no list itself) are tags as all others; with --referrers what they list is
        copied instead, and listed as the target does it. cosign's sha256-….sig are always tags.`),
    )
    .option(
      "--platform <PLATFORM>",
      "the image for this platform, as linux/arm64; given again, an index of them",
      collect,
    )
    .option(
      "--referrers",
      "also what refers to it: signatures, attestations, SBOMs, and cosign's tags",
    )
    .option("--all-tags", "every tag of SRC, which names a repository or a layout")
    .option("--filter <GLOB>", "with --all-tags: only tags like this; may be repeated", collect)
    .addOption(new Option("--format <FORMAT>", "whose media types").choices(["oci", "docker"]))
    .addOption(
      new Option("--compression <KIND>", "of the layers; the default keeps it").choices([
        "gzip",
        "zstd",
        "none",
        "keep",
      ]),
    )
    .option("--drop-annotations", "with --format docker, which has no place for them")
    .option("--dry-run", "say what would be sent")
    .option(
      "--verify-present",
      "read what the target has, and send again what is damaged there (a layout can be mended so)",
    )
    .addHelpText(
      "after",
      `
Examples:
  oci-kit copy ghcr.io/family/image:latest-cross oci:out/mirror:latest-cross
  oci-kit copy oci:out/linux-runtime/riscv64 ghcr.io/family/image:latest-cross-riscv64
  oci-kit copy --referrers --all-tags --filter 'v1.*' ghcr.io/family/image oci:out/mirror
  oci-kit copy --platform linux/amd64 --platform linux/arm64 HOST/REPO:TAG oci:out/two:TAG
  oci-kit copy --compression zstd --format oci HOST/REPO:TAG HOST/REPO:TAG-zstd
  oci-kit copy --verify-present ghcr.io/family/image:1 oci:out/mirror:1   # mends the layout
  nerdctl save IMAGE | oci-kit copy docker-archive:- oci:out/local-oci/android/riscv64
  oci-kit copy --platform linux/amd64 HOST/REPO:TAG docker-archive:- | docker load`,
    )
    .action(async (source: string, target: string, flags: CopyFlags) =>
      invoke(flags, async (session) => {
        const { copyImages } = await import("./copy-images.ts");
        return copyImages(source, target, flags, session);
      }),
    );
};
