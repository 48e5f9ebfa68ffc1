// SPDX-License-Identifier: MIT
import { collect, prose, withRegistry, withReplace, type Register } from "../command.ts";
import { COMPRESSION, RATE } from "../input/compression-words.ts";
import type { AssembleFlags } from "./assemble-flags.ts";

export const assembleCommand: Register = (program, invoke) => {
  withReplace(withRegistry(program.command("assemble")))
    .summary("runtime images from a base and saved artifact images")
    .description(
      prose(`
        Makes the runtime image of each architecture as oci-kit.yaml says (found upward from here), with
        what the flags add: a base, layers copied from artifact images entry by entry, links,
        configuration. Where --base, --artifact, --copy and --output say everything, no file counts. The
        image is written as a complete OCI layout to the configured
        output, out/linux-runtime/ARCH. The same inputs give the same image on any machine; when
        nothing changed, nothing is done. SOURCE_DATE_EPOCH sets the times of what is made. --push looks into
        each image first, as oci-kit verify does: what would not start or breaks a policy is not sent.`),
    )
    .option("--arch <LIST>", "the architectures, as riscv64 or amd64,arm64; default all configured")
    .option("--base <REF>", "the image below, or scratch; instead of the configured one")
    .option("--artifact <[NAME=]REF>", "an image or dir:DIR to copy from; may be repeated", collect)
    .option("--copy <[NAME=]SRC[:DST]>", "copy a path of an artifact; may be repeated", collect)
    .option("--link <PATH=TARGET>", "make a link; may be repeated", collect)
    .option("--env <NAME=VALUE>", "set an environment variable; may be repeated", collect)
    .option("--set <NAME=VALUE>", "set a variable of oci-kit.yaml; may be repeated", collect)
    .option("--output <REF>", "write the image there instead; \${ARCH} is the architecture")
    .option("--push [TAG]", "also push each image to the configured repository as TAG-ARCH")
    .option("--push-by-digest", "also push each image to it by its digest, and set no tag")
    .option("--force-push <GATE>", "override this gate of --push; may be repeated", collect)
    .option("--compression <KIND>", COMPRESSION)
    .option("--rate <RATE>", RATE)
    .option(
      "--previous <REF>",
      "keep layers of this image where a layer is split; default the tag's",
    )
    .option("--no-previous", "keep none, so that the layers of a split layer are all new")
    .option(
      "--trust-tables",
      "take artifacts' layers in the output's registry unread, by their tables of contents",
    )
    .option("--run-id <ID>", "what the images of one generation share; default from all inputs")
    .option("--lock <FILE>", "make the run id of this text, not of all inputs; repeatable", collect)
    .option("--force", "make every layer anew, though nothing changed")
    .option("--dry-run", "say what would be done: what layers would hold, and what is sent")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit assemble --arch riscv64
  oci-kit assemble --set GCC_VERSION=16.2.0 --arch amd64,arm64
  oci-kit assemble --arch riscv64 --base oci:out/base --artifact oci:out/android \\
    --copy /opt/gcc-16.2.0 --link /usr/bin/cc=/opt/gcc-16.2.0/bin/gcc --output oci:out/image`,
    )
    .action(async (flags: AssembleFlags) =>
      invoke(flags, async (session) => {
        const { assembleImages } = await import("./assemble-images.ts");
        return assembleImages(flags, session);
      }),
    );
};
