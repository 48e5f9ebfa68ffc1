// SPDX-License-Identifier: MIT
import type { Command } from "commander";
import { collect, prose, withRegistry, type Invoke } from "../command.ts";
import type { AnnotateFlags, CreateFlags, EditFlags, RepairFlags } from "./manifest-edit.ts";
import type { RollbackFlags } from "./manifest-rollback.ts";

const DRY_RUN = ["--dry-run", "say what the index would be"] as const;

/** Registers the commands that edit one index: create, add, remove, annotate, repair, rollback. */
export function registerIndexEdits(manifest: Command, invoke: Invoke): void {
  registerCreate(manifest, invoke);
  registerAdd(manifest, invoke);
  registerRemove(manifest, invoke);
  registerAnnotate(manifest, invoke);
  registerRepair(manifest, invoke);
  registerRollback(manifest, invoke);
}

function registerCreate(manifest: Command, invoke: Invoke): void {
  withRegistry(manifest.command("create <DST>"))
    .summary("an index of images, under one tag")
    .description(
      prose(`
        Makes an index of images, in the order given, and sets this tag and no other. Of an index that
        is given, every image is taken, with BuildKit's attestations. Images that stand elsewhere are
        copied first, or mounted. A tag that names something else is refused without --replace, and so
        are two images for one platform.`),
    )
    .requiredOption("--from <REF>", "an image or an index; may be repeated", collect)
    .option("--annotation <NAME=VALUE>", "of the index; may be repeated", collect)
    .option("--replace", "let the tag name this index instead of what it names")
    .option(...DRY_RUN)
    .addHelpText(
      "after",
      `
Examples:
  oci-kit manifest create ghcr.io/family/image:1 --from oci:out/a --from oci:out/b
  oci-kit manifest create oci:out/index:1 --from HOST/REPO:1-amd64 --from HOST/REPO:1-arm64`,
    )
    .action(async (target: string, flags: CreateFlags) =>
      invoke(flags, async (session) => {
        const { create } = await import("./manifest-edit.ts");
        return create(target, flags, session);
      }),
    );
}

function registerAdd(manifest: Command, invoke: Invoke): void {
  withRegistry(manifest.command("add <IDX> <REF...>"))
    .summary("more images in an index")
    .description(
      prose(`
        Adds images to the index under a tag; of an index, all its images with their attestations. A
        platform that the index has already is refused without --replace, with which the new image
        takes the old one's place. No other tag is touched.`),
    )
    .option("--replace", "take the place of images for the same platforms")
    .option(...DRY_RUN)
    .addHelpText(
      "after",
      `
Examples:
  oci-kit manifest add ghcr.io/family/image:1 oci:out/linux-runtime/riscv64
  oci-kit manifest add --replace oci:out/index:1 HOST/REPO:1-arm64`,
    )
    .action(async (index: string, references: readonly string[], flags: EditFlags) =>
      invoke(flags, async (session) => {
        const { add } = await import("./manifest-edit.ts");
        return add(index, references, flags, session);
      }),
    );
}

function registerRemove(manifest: Command, invoke: Invoke): void {
  withRegistry(manifest.command("remove <IDX> [DIGEST...]"))
    .summary("fewer images in an index")
    .description(
      prose(`
        Takes images out of the index under a tag, and their attestations with them. The images
        themselves stay, under their digests and tags.`),
    )
    .option("--platform <PLATFORM>", "the images for it; may be repeated", collect)
    .option(...DRY_RUN)
    .addHelpText(
      "after",
      `
Examples:
  oci-kit manifest remove ghcr.io/family/image:1 --platform linux/arm/v7
  oci-kit manifest remove oci:out/index:1 sha256:0123456789ab`,
    )
    .action(async (index: string, digests: readonly string[], flags: AnnotateFlags) =>
      invoke(flags, async (session) => {
        const { remove } = await import("./manifest-edit.ts");
        return remove(index, digests, flags, session);
      }),
    );
}

function registerAnnotate(manifest: Command, invoke: Invoke): void {
  withRegistry(manifest.command("annotate <IDX> [DIGEST]"))
    .summary("annotations and platform fields of an index or of an entry")
    .description(
      prose(`
        Annotates the index under a tag, or the entry that --platform or a digest names. The image of
        an entry keeps its digest. An empty value removes what it is given for.`),
    )
    .option("--platform <PLATFORM>", "the entry for it", collect)
    .option("--annotation <NAME=VALUE>", "set an annotation; may be repeated", collect)
    .option("--unset-annotation <NAME>", "remove an annotation; may be repeated", collect)
    .option("--os-version <VERSION>", "of the entry's platform, as 10.0.17763")
    .option("--os-feature <NAME>", "of the entry's platform; may be repeated", collect)
    .option("--variant <NAME>", "of the entry's platform, as v7")
    .option(...DRY_RUN)
    .addHelpText(
      "after",
      `
Examples:
  oci-kit manifest annotate ghcr.io/family/image:1 --annotation org.example.channel=stable
  oci-kit manifest annotate oci:out/index:1 --platform linux/arm --variant v6`,
    )
    .action(async (index: string, digest: string | undefined, flags: AnnotateFlags) =>
      invoke(flags, async (session) => {
        const { annotate } = await import("./manifest-edit.ts");
        return annotate(index, digest, flags, session);
      }),
    );
}

function registerRepair(manifest: Command, invoke: Invoke): void {
  withRegistry(manifest.command("repair <IDX>"))
    .summary("an index made whole again from images that are there")
    .description(
      prose(`
        Rebuilds the index under a tag and builds no image: entries that are whole stay; one whose
        manifest or content the store has lost is replaced by the image under TAG-ARCH, and so is added
        what --arch names and the index lacks. Where no platform may be lost or generations would be
        mixed, it is refused as manifest push would be. What can't be read is not taken for missing.`),
    )
    .option("--arch <LIST>", "the architectures that it must have; default: those it has")
    .option("--force <GATE>", "override this gate, on record; may be repeated", collect)
    .option(...DRY_RUN)
    .addHelpText(
      "after",
      `
Examples:
  oci-kit manifest repair latest-cross
  oci-kit manifest repair --dry-run ghcr.io/family/image:latest-cross --arch amd64,arm64

Exit status: 0 it is whole; 2 a gate refuses; 1 it failed.`,
    )
    .action(async (index: string, flags: RepairFlags) =>
      invoke(flags, async (session) => {
        const { repair } = await import("./manifest-edit.ts");
        return repair(index, flags, session);
      }),
    );
}

function registerRollback(manifest: Command, invoke: Invoke): void {
  withRegistry(manifest.command("rollback <IDX>"))
    .summary("the index that the tag named before")
    .description(
      prose(`
        Makes the tag name again what it named before manifest push or repair, with its aliases and
        each TAG-ARCH: one PUT a tag, no image is sent. An index remembers five, which prune keeps.
        Refused when what it would go back to has lost content, which is listed. A second rollback goes
        further back; what undoes the first is printed. The next push is compared with the index that is
        named then.`),
    )
    .option("--to <DIGEST>", "that index instead of the last one")
    .option(...DRY_RUN)
    .addHelpText(
      "after",
      `
Examples:
  oci-kit manifest rollback latest-cross
  oci-kit manifest rollback --dry-run ghcr.io/family/image:latest-cross

Exit status: 0 it is done; 2 what it would go back to is gone; 1 it failed.`,
    )
    .action(async (index: string, flags: RollbackFlags) =>
      invoke(flags, async (session) => {
        const { rollback } = await import("./manifest-rollback.ts");
        return rollback(index, flags, session);
      }),
    );
}
