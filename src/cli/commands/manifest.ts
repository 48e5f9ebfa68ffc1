// SPDX-License-Identifier: MIT
import { collect, prose, withRegistry, type Register } from "../command.ts";
import { registerIndexEdits } from "./manifest-edit-commands.ts";
import type { PushFlags } from "./manifest-push.ts";

export const manifestCommand: Register = (program, invoke) => {
  const manifest = program.command("manifest").summary("the multi-arch index");
  registerIndexEdits(manifest, invoke);
  withRegistry(manifest.command("push <TAG|REF>"))
    .summary("push the per-architecture images as one index, behind gates")
    .description(
      prose(`
        Makes one index of the per-architecture images and publishes it: the images by digest, then
        the index under its tag, then each image as TAG-ARCH. The images come from the layouts of the
        configured output (out/linux-runtime/*), where there are none from the repository's own
        TAG-ARCH tags, or from --from. The target is a registry or a layout. The configuration may name
        aliases of a tag, which are set to the same index.

        Refused, before anything is sent: an architecture of the configuration is missing; the
        published index has one that this push would drop; two images are for one platform; an image
        is for another architecture than its name says; the images are of different generations or
        start differently; an image is not made of what the configured inputs are now; one is older
        than what is published; an image would not start, or breaks a policy (see verify). Each gate has a name, --force takes the ones to override, and the index
        records them. It also remembers what the tag named before: see manifest rollback. The
        configuration's architectures are asked of its own repository, and of layouts in its project;
        with --config of any target.`),
    )
    .option("--from <REF>", "an image or index to take the images from; may be repeated", collect)
    .option("--arch <LIST>", "the architectures that have to be there, instead of the configured")
    .option("--set <NAME=VALUE>", "a variable of oci-kit.yaml, as at assemble; repeatable", collect)
    .option("--force <GATE>", "override this gate, on record; may be repeated", collect)
    .option("--dry-run", "print the plan, layer by layer, with the bytes it would send")
    .option(
      "--rate <RATE>",
      "with --dry-run: what the line sends, as 4.5MB/s: says how long it takes",
    )
    .addHelpText(
      "after",
      `
Examples:
  oci-kit manifest push latest-cross
  oci-kit manifest push --dry-run latest-cross
  oci-kit manifest push ghcr.io/family/image:latest-cross --from oci:out/a --from oci:out/b
  oci-kit manifest push oci:out/index:latest-cross

Exit status: 0 it is published; 2 a gate refuses; 1 it failed.`,
    )
    .action(async (target: string, flags: PushFlags) =>
      invoke(flags, async (session) => {
        const { pushManifest } = await import("./manifest-push.ts");
        return pushManifest(target, flags, session);
      }),
    );
};
