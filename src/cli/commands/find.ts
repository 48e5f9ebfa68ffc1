// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import {
  collect,
  prose,
  withRegistry,
  type Outcome,
  type Register,
  type Session,
} from "../command.ts";
import { DONE } from "../exit-status.ts";
import { parseConfigured } from "../input/configured.ts";
import { parseImagePath } from "../input/values/image-path.ts";
import { lookOptions, withLooking, type LookFlags } from "../input/look-options.ts";
import { lookedDocument } from "../output/entry-text.ts";
import { parseQuery, type QueryFlags } from "./find-query.ts";
import { letYoungGenerationGrow } from "../v8-flags.ts";

interface FindFlags extends LookFlags, QueryFlags {
  readonly follow?: true;
}

export const findCommand: Register = (program, invoke) => {
  withLooking(withRegistry(program.command("find <REF> [PATH]")))
    .summary("paths of an image by name, type, size, mode, owner, time")
    .description(
      prose(`
        Lists what is at and below PATH in an image (or in dir:DIR) and is as all the flags want it, one
        absolute path a line. Links are listed, not followed. Of a flag given again one value has to
        hold. Without --layer the merged filesystem is searched.`),
    )
    .option("--name <GLOB>", "the last part of the path: '*.so', '[a-c]*', '{a,b}?'", collect)
    .option(
      "--path <GLOB>",
      "the whole path: '/usr/lib/**/*.a'; ** is any number of parts",
      collect,
    )
    .option(
      "--type <TYPE>",
      "f file, d directory, l link, c, b, p, s; w whiteout (--layer)",
      collect,
    )
    .option("--size <SIZE>", "files of this size; +1MB larger, -4kB smaller")
    .option("--mode <MODE>", "octal: 0755 exactly, -4000 with all of these bits, /6000 with any")
    .option("--owner <UID[:GID]>", "numbers; :GID for the group alone")
    .option(
      "--newer <TIME|PATH>",
      "modified later than 2024-05-01T12:00:00Z, or than a path of the image",
    )
    .option("-L, --follow", "follow a link that PATH ends with")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit find latest-cross /opt --name '*.so*' --type f --platform linux/riscv64
  oci-kit find oci:out/linux-runtime/riscv64 --mode /6000
  oci-kit find ghcr.io/family/image:latest-cross-arm64 --layer 3 --type w`,
    )
    .action(async (reference: string, path: string | undefined, flags: FindFlags) =>
      invoke(flags, (session) => find(reference, path ?? "/", flags, session)),
    );
};

async function find(
  reference: string,
  path: string,
  flags: FindFlags,
  session: Session,
): Promise<Outcome> {
  const { findInReference, statReference } = await import("../../disk/look/look-at-reference.ts");
  const location = await parseConfigured(reference, session.context);
  letYoungGenerationGrow();
  const options = { ...(await lookOptions(flags, session)), follow: flags.follow === true };
  const timeOf = (other: string) =>
    statReference(
      location,
      [parseImagePath(other)],
      ({ entries: [found] }) => {
        const { mtime, mtimeNanoseconds } = found!.node;
        return { mtime, mtimeNanoseconds };
      },
      options,
    );
  return findInReference(
    location,
    parseImagePath(path),
    await parseQuery(flags, timeOf),
    (looked) => ({
      status: DONE,
      // Made only when it is printed: it counts the names of every file.
      document: session.json ? lookedDocument(looked) : {},
      lines: looked.entries.map((entry) => toText(entry.path)),
    }),
    options,
  );
}
