// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import type { Looked } from "../../disk/look/look-at-reference.ts";
import { isOciError } from "../../oci/errors.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import type { EntryDescription } from "../../rootfs/look/describe-entries.ts";
import { prose, withRegistry, type Outcome, type Register, type Session } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { parseConfigured } from "../input/configured.ts";
import { parseImagePath } from "../input/values/image-path.ts";
import { lookOptions, withLooking, type LookFlags } from "../input/look-options.ts";
import {
  deviceText,
  entryDocument,
  exactTimeText,
  hexText,
  isDevice,
  modeText,
  nameText,
  octalMode,
} from "../output/entry-text.ts";

interface StatFlags extends LookFlags {
  readonly follow?: true;
}

export const statCommand: Register = (program, invoke) => {
  withLooking(withRegistry(program.command("stat <REF> <PATH...>")))
    .summary("everything that an image records of a path")
    .description(
      prose(`
        Shows type, mode, owner, size, time, links, content digest, extended attributes and the layer of
        paths in an image (or in dir:DIR). A link at the end of PATH is shown itself.`),
    )
    .option("-L, --follow", "what a link at the end of PATH leads to, instead of the link")
    .addHelpText(
      "after",
      `
Examples:
  oci-kit stat latest-cross /usr/bin/cc --platform linux/riscv64
  oci-kit stat -L oci:out/linux-runtime/riscv64 /usr/bin/cc /usr/bin/c++`,
    )
    .action(async (reference: string, paths: readonly string[], flags: StatFlags) =>
      invoke(flags, (session) => stat(reference, paths, flags, session)),
    );
};

async function stat(
  reference: string,
  paths: readonly string[],
  flags: StatFlags,
  session: Session,
): Promise<Outcome> {
  const { statReference } = await import("../../disk/look/look-at-reference.ts");
  return statReference(
    await parseConfigured(reference, session.context),
    paths.map(parseImagePath),
    (looked) => outcomeOf(looked, session),
    { ...(await lookOptions(flags, session)), follow: flags.follow === true },
  );
}

function outcomeOf({ name, image, entries }: Looked, session: Session): Outcome {
  const stated = entries.map((entry) => ({ entry, xattrs: attributesOf(entry.node, session) }));
  return {
    status: DONE,
    document: {
      root: name,
      ...(image && { digest: image.digest }),
      entries: stated.map(({ entry, xattrs }) => ({
        ...entryDocument(entry, true),
        ...(xattrs && { xattrs }),
      })),
    },
    lines: stated.flatMap(({ entry, xattrs }) => statLines(entry, xattrs)),
  };
}

interface Attribute {
  readonly name: string;
  /** In hex. */
  readonly value: string;
}

/** The extended attributes of a node; undefined, with a warning, where this machine can't read those of its disk. */
function attributesOf(node: Node, { warn }: Session): Attribute[] | undefined {
  try {
    return Array.from(node.xattrs, ([name, value]) => ({
      name: toText(name),
      value: hexText(value),
    }));
  } catch (error) {
    if (!isOciError(error, "unsupported-operation")) throw error;
    warn(`extended attributes are not shown: ${error.message}`);
    return undefined;
  }
}

function statLines(entry: EntryDescription, xattrs: readonly Attribute[] = []): string[] {
  const { node, links, layer } = entry;
  const facts: [string, string | undefined][] = [
    ["Path", nameText(entry)],
    ["Type", entry.type],
    ["Size", node.type === "file" ? String(node.size) : undefined],
    ["Device", isDevice(node) ? deviceText(node) : undefined],
    ["Links", String(links)],
    ["Mode", `${octalMode(node)} (${modeText(entry)})`],
    ["Owner", `${node.uid}:${node.gid}${recordedNames(entry)}`],
    ["Modify", exactTimeText(node)],
    ["Digest", node.contentDigest],
    ["Layer", layer === undefined ? undefined : String(layer)],
    ...xattrs.map(({ name, value }): [string, string] => ["Xattr", `${name}=${value}`]),
  ];
  return facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name.padStart(6)}: ${value}`],
  );
}

/** The names that the layer's entry has beside the numbers, which count. */
function recordedNames({ node: { userName, groupName } }: EntryDescription): string {
  if (userName === "" && groupName === "") return "";
  return ` (recorded as ${toText(userName)}:${toText(groupName)})`;
}
