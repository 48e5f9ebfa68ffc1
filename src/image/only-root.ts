// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import { escapeText } from "../bytes/byte-string.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { shortDigest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";
import { formatPlatform } from "../oci/platform.ts";
import type { ReadableStore } from "../store/store.ts";

const REF_NAME = "org.opencontainers.image.ref.name";
const LISTED = 20;

/**
 * The one manifest or index that a store holds as a root, whatever number of tags name it.
 * @throws OciError `not-found` when there is none, `ambiguous` with all listed when there are several,
 * `unsupported-operation` when the store can't list its roots
 */
export async function onlyRoot(store: ReadableStore, options?: AbortOptions): Promise<Descriptor> {
  const { roots } = store.capabilities;
  if (roots === undefined) {
    throw new OciError(
      "unsupported-operation",
      `${store.name}: expected a tag or a digest: this kind of store can't list what it holds`,
    );
  }
  const found = await roots(options);
  const [root] = found;
  if (root === undefined) {
    throw new OciError("not-found", `${store.name}: expected an image, got none: it is empty`);
  }
  if (found.every((other) => other.digest === root.digest)) return root;
  throw new OciError(
    "ambiguous",
    `${store.name}: expected one image, got ${found.length}: ${listDescriptors(found)}`,
    {
      details: { store: store.name, found },
      hint: "Name the one that is meant by its tag or digest.",
    },
  );
}

/** Descriptors for a message: tag or platform, and the short digest; what is beyond twenty is counted. */
export function listDescriptors(descriptors: readonly Descriptor[]): string {
  const listed = descriptors.slice(0, LISTED).map(describeBriefly);
  if (descriptors.length > LISTED) listed.push(`and ${descriptors.length - LISTED} more`);
  return listed.join(", ");
}

function describeBriefly(descriptor: Descriptor): string {
  const name = descriptor.annotations?.[REF_NAME];
  const words = [
    ...(name === undefined ? [] : [name]),
    ...(descriptor.platform === undefined ? [] : [formatPlatform(descriptor.platform)]),
    `(${shortDigest(descriptor.digest)})`,
  ];
  return escapeText(words.join(" "));
}
