// SPDX-License-Identifier: MIT
import { parseDirectory } from "../input/directory-argument.ts";
import type { UnpackOptions } from "../../convert/unpack/unpack-options.ts";
import { OciError } from "../../oci/errors.ts";
import {
  collect,
  prose,
  withRegistry,
  type Outcome,
  type Register,
  type Session,
} from "../command.ts";
import { parseConfigured } from "../input/configured.ts";
import { indexCacheOf } from "../input/index-cache.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { showUnpacking } from "../progress/show-converting.ts";
import { letYoungGenerationGrow } from "../v8-flags.ts";

interface UnpackFlags extends ReferenceFlags {
  readonly include?: readonly string[];
  readonly layer?: string;
  readonly exact?: true;
  readonly uidMap?: readonly string[];
  readonly gidMap?: readonly string[];
  readonly sameOwner: boolean;
  readonly rootlesscontainers?: true;
  readonly proof: boolean;
}

export const unpackCommand: Register = (program, invoke) => {
  withRegistry(program.command("unpack <REF> <DIR>"))
    .summary("an image to a directory, with nothing lost")
    .description(
      prose(`
        Makes DIR the root filesystem of an image: a new or empty directory, or one that was unpacked
        before, in which only what differs is written. What this disk or this user can't hold (owners,
        devices, attributes, times to the nanosecond) is kept beside it, in DIR.oci-kit, from where
        pack takes it again. Nothing outside is ever touched.

        Everything is then read back and compared with the image: a difference is exit status 2.
        Interrupted, it can be run again.`),
    )
    .option("--platform <PLATFORM>", "the image of an index for this platform, as linux/arm64")
    .option("--include <GLOB>", "only these paths, with all below them; may be repeated", collect)
    .option("--layer <N>", "only this layer, from 0, as if it were the whole image")
    .option("--exact", "keep what makes pack --exact give the layers back byte for byte")
    .option("--uid-map <I:D[:N]>", "users from I on in the image are D on the disk", collect)
    .option("--gid-map <I:D[:N]>", "the same of groups", collect)
    .option("--no-same-owner", "leave all files to who unpacks them, as without root")
    .option("--rootlesscontainers", "keep owners in the attribute user.rootlesscontainers, too")
    .option("--no-proof", "do not read the contents back: only the metadata is compared")
    .option("--dry-run", "say what would be written")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit unpack latest-cross out/rootfs
  oci-kit unpack --platform linux/riscv64 ghcr.io/family/image:latest-cross out/riscv64
  oci-kit unpack --include 'opt/*/bin' --include etc oci:out/linux-runtime/riscv64 out/part
  oci-kit unpack --uid-map 0:100000:65536 --gid-map 0:100000:65536 oci-archive:image.tar out/rootfs
  oci-kit unpack --layer 2 --exact latest-cross out/layer2`,
    )
    .action(async (reference: string, directory: string, flags: UnpackFlags) =>
      invoke(flags, (session) => {
        const to = parseDirectory(
          directory,
          "oci-kit unpack REF DIR (oci-kit export REF is a tar)",
        );
        return unpackImage(reference, to, flags, session);
      }),
    );
};

async function unpackImage(
  reference: string,
  directory: string,
  flags: UnpackFlags,
  session: Session,
): Promise<Outcome> {
  const { context, progress } = session;
  const [options, { unpackReference }, { unpackOutcome }] = await Promise.all([
    optionsOf(flags),
    import("../../convert/unpack/unpack-reference.ts"),
    import("./unpack-text.ts"),
  ]);
  letYoungGenerationGrow();
  const unpacked = await unpackReference(await parseConfigured(reference, context), directory, {
    ...options,
    ...(await referenceOptions(flags, session)),
    cache: await indexCacheOf(context),
    onProgress: showUnpacking(progress),
  });
  return unpackOutcome(unpacked);
}

async function optionsOf(flags: UnpackFlags): Promise<UnpackOptions> {
  const { parseIdRange } = await import("../../disk/inode/id-map.ts");
  return {
    include: flags.include,
    layer: flags.layer === undefined ? undefined : parseLayer(flags.layer),
    exact: flags.exact,
    uidMap: flags.uidMap?.map(parseIdRange),
    gidMap: flags.gidMap?.map(parseIdRange),
    sameOwner: flags.sameOwner ? undefined : false,
    rootlessXattr: flags.rootlesscontainers,
    verify: flags.proof,
  };
}

function parseLayer(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new OciError(
    "invalid-argument",
    `--layer: expected a layer's number from 0, got ${JSON.stringify(text)}`,
  );
}
